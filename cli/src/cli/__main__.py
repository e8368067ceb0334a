"""Run the command line: `python -m cli`, or `./meridian` in a checkout."""

from cli.app import main

if __name__ == "__main__":
    main()
