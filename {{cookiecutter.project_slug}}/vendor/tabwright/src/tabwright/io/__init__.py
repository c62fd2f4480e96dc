"""Read and write tables: delimited text, Excel, JSON, Parquet and databases."""
