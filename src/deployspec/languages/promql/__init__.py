"""PromQL: what an expression reads, which labels it names, and which labels its result can have."""
