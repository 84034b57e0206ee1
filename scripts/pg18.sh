#!/usr/bin/env bash
# Fetches a private PostgreSQL 18 with pgvector; prints its pg_config.
exec "$(dirname "$0")/pg.sh" 18
