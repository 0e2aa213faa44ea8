"""What clients ask about blocks and documents."""


def interface(workflow):
    return {}


def blocks(registry):
    return {}


def definition_schema():
    return {}


def versions():
    return {"versions": ["1.0.0"]}
