"""Many crates at once, over the same pipeline that judges one."""
