"""People and visits from another system's file: read, understood, looked at, brought in, undone.

| module | what it answers |
|---|---|
| `files` | which headings and rows does the file have? |
| `columns` | which column is what, and who are the names in it? |
| `cells` | what does a cell say: a name, an instant, a phone number? |
| `fates` | what would become of each row now? |
| `keeping` | the steps that write: uploaded, understood, brought in, undone, deleted |
"""
