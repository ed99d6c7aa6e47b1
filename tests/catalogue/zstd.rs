//! dependency: zstd = "0.13.3"

pub fn open(data: &[u8]) -> std::io::Result<Vec<u8>> {
    zstd::decode_all(data) //~ code.decode
}

pub fn bulk(data: &[u8]) -> std::io::Result<Vec<u8>> {
    zstd::bulk::decompress(data, 1024) //~ code.decode
}
