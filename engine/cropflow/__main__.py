"""`python -m cropflow` is the command `cropflow`, wherever that is not on the path."""

from cropflow.cli import main

if __name__ == "__main__":
    main()
