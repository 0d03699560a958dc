"""The only room that holds keys: the relayer's, which spends gas, and the assigner's, which hands out tasks."""
