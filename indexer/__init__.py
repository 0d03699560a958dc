"""Chain to SQL: fetch, decode, apply, checkpoint, undo on reorg."""
