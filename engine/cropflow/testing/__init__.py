"""What authors of blocks test them with: the contract every block keeps, as one check that runs in any test suite.

from cropflow.testing import check_block

def test_brightness():
    check_block(Brightness, {"image": picture}, {"image": another})
"""

from cropflow.testing.check import check_block, check_declaration

__all__ = ["check_block", "check_declaration"]
