"""The HTTP server: serves documents of a folder, and those that existing clients send along.

app            puts the parts together
own, existing  the two surfaces: ours, and the one existing clients call
reading        from the body and the address of a request to the inputs of a workflow
pictures       from what was sent to pictures, within limits
asked          what a request asks for beside its inputs: the form of the answer, outputs, what of failures
slips          what is often sent by mistake, and what to say then
library        the workflows that are served, and those that were sent
desk           how many run at once, how many wait, and when they are called off
listening      the address, taken before anything is loaded
protocol       heads of requests have an end, in bytes and in time
gate           what every request passes: host, origin, key, size, id, log
faults         from an error to a status and a body that shows nothing of the machine
describe       what clients ask about blocks and documents
metrics        numbers for Prometheus
"""

from cropflow.server.settings import Settings

__all__ = ["Settings"]
