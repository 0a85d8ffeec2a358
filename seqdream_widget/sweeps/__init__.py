"""Many dreams: a grid of them in few large batches, here or on a cluster, and what came of them."""
