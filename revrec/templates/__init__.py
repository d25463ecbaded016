"""The files of a new workspace, as `revrec init` writes them; words in @CAPITALS@ are filled in."""
