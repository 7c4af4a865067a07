"""Objectives: what they promise, read from OpenSLO documents, and how a share of requests is judged by them. Pure."""
