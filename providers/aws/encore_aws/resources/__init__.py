"""One module for each kind of resource: normalise, create, expose."""
