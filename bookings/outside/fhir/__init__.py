"""FHIR R4 for other systems: read-only, one mapping for each kind of resource.

`kinds` is the table of what can be read; `search` turns what is asked into rows, page by page; `views`
answers, and `outcomes` says what is wrong. https://hl7.org/fhir/R4/http.html
"""
