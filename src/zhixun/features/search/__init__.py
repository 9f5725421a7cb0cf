"""Finding consultants by words, facets and free times, through an index that can be replaced."""
