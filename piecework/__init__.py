"""What both programs of Piecework agree on: words, chain, tables, quality."""

__version__ = "0.1.0"
