"""`python -m mtl_search`: the command line, where its program is not on the path."""

from mtl_search.cli import main

if __name__ == "__main__":
    main()
