"""Names that decoders undo, of crates and written by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from analyzer.model import Fact, FactKind

FactsOf = Callable[..., list[Fact]]
WORD = "/etc/passwd"
IDIOMS = {
    "b64 custom alphabet engine": """
        use base64::{Engine,alphabet,engine::{GeneralPurpose,general_purpose::NO_PAD}};
        pub fn go(){ let a=alphabet::Alphabet::new("zyxwvutsrqponmlkjihgfedcbaZYXWVUTSRQPONMLKJIHGFEDCBA9876543210-_").unwrap(); let e=GeneralPurpose::new(&a,NO_PAD); let v=e.decode("o7e9bB0DbcmAW7j").unwrap(); let _=std::fs::read(String::from_utf8(v).unwrap()); }""",
    "b64 own custom alphabet find": """
        const A:&[u8]=b"zyxwvutsrqponmlkjihgfedcbaZYXWVUTSRQPONMLKJIHGFEDCBA9876543210-_";
        fn un(s:&str)->String{ let mut out=vec![]; let mut buf=0u32; let mut n=0; for c in s.bytes() { if let Some(i)=A.iter().position(|&a| a==c) { buf=(buf<<6)|i as u32; n+=6; if n>=8 { n-=8; out.push((buf>>n) as u8); buf&=(1<<n)-1; } } } String::from_utf8(out).unwrap() }
        pub fn go(){ let _=std::fs::read(un("o7e9bB0DbcmAW7j")); }""",
    "b64 own table": """
        fn table()->[u8;256]{ let mut t=[255u8;256]; for (i,c) in b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".iter().enumerate() { t[*c as usize]=i as u8; } t }
        fn un(s:&str)->Vec<u8>{ let t=table(); let mut o=Vec::with_capacity(s.len()*3/4); for q in s.trim_end_matches('=').as_bytes().chunks(4) { let mut n=0u32; for (i,c) in q.iter().enumerate() { n|=(t[*c as usize] as u32)<<(18-6*i); } for i in 0..q.len()-1 { o.push((n>>(16-8*i)) as u8); } } o }
        pub fn go(){ let _=std::fs::read(String::from_utf8(un("L2V0Yy9wYXNzd2Q=")).unwrap()); }""",
    "b64 own match quad": """
        fn v(c:u8)->u8{ match c { b'A'..=b'Z'=>c-b'A', b'a'..=b'z'=>c-b'a'+26, b'0'..=b'9'=>c-b'0'+52, b'+'=>62, b'/'=>63, _=>0 } }
        fn un(s:&[u8])->Vec<u8>{ let mut o=Vec::new(); let mut i=0; while i+3<s.len() { let (a,b,c,d)=(v(s[i]),v(s[i+1]),v(s[i+2]),v(s[i+3])); o.push(a<<2|b>>4); if s[i+2]!=b'=' { o.push(b<<4|c>>2); } if s[i+3]!=b'=' { o.push(c<<6|d); } i+=4; } o }
        pub fn go(){ let p=un(b"L2V0Yy9wYXNzd2Q="); let _=std::fs::read(std::str::from_utf8(&p).unwrap()); }""",
    "hex literal": """
        use hex_literal::hex; const D:[u8;11]=hex!("2f6574632f706173737764");
        pub fn go(){ let _=std::fs::read(std::str::from_utf8(&D).unwrap()); }""",
    "hex decode_to_slice": """
        pub fn go(){ let mut b=[0u8;11]; hex::decode_to_slice("2f6574632f706173737764",&mut b).unwrap(); let _=std::fs::read(std::str::from_utf8(&b).unwrap()); }""",
    "FromHex": """
        use hex::FromHex; pub fn go(){ let b=<[u8;11]>::from_hex("2f6574632f706173737764").unwrap(); let _=std::fs::read(std::str::from_utf8(&b).unwrap()); }""",
    "Vec from_hex": """
        use hex::FromHex; pub fn go(){ let b=Vec::<u8>::from_hex("2f6574632f706173737764").unwrap(); let _=std::fs::read(String::from_utf8(b).unwrap()); }""",
    "data_encoding": """
        use data_encoding::HEXLOWER; pub fn go(){ let b=HEXLOWER.decode(b"2f6574632f706173737764").unwrap(); let _=std::fs::read(String::from_utf8(b).unwrap()); }""",
    "data_encoding base32": """
        pub fn go(){ let b=data_encoding::BASE32_NOPAD.decode(b"F5SXIYZPOBQXG43XMQ").unwrap(); let _=std::fs::read(String::from_utf8(b).unwrap()); }""",
    "flate2 ZlibDecoder read_to_end": """
        use std::io::Read; const D:&[u8]=&[120, 156, 211, 79, 45, 73, 214, 47, 72, 44, 46, 46, 79, 1, 0, 23, 115, 4, 45];
        pub fn go(){ let mut d=flate2::read::ZlibDecoder::new(D); let mut s=String::new(); d.read_to_string(&mut s).unwrap(); let _=std::fs::read(&s); }""",
    "flate2 b64 chained": """
        use std::io::Read; use base64::prelude::*;
        fn un(s:&str)->Option<String>{ let raw=BASE64_STANDARD.decode(s).ok()?; let mut o=String::new(); flate2::read::ZlibDecoder::new(&raw[..]).read_to_string(&mut o).ok()?; Some(o) }
        pub fn go(){ let _=std::fs::read(un("eJzTTy1J1i9ILC4uTwEAF3MELQ==").unwrap()); }""",
    "flate2 bufread vec": """
        use std::io::Read;
        pub fn go(){ let raw=hex::decode("789cd34f2d49d62f482c2e2e4f01001773042d").unwrap(); let mut v=Vec::new(); flate2::bufread::ZlibDecoder::new(raw.as_slice()).read_to_end(&mut v).unwrap(); let _=std::fs::read(String::from_utf8(v).unwrap()); }""",
    "flate2 cursor take": """
        use std::io::{Read,Cursor};
        pub fn go(){ let raw=hex::decode("789cd34f2d49d62f482c2e2e4f01001773042d").unwrap(); let mut v=String::new(); let mut d=flate2::read::ZlibDecoder::new(Cursor::new(raw)).take(100); d.read_to_string(&mut v).unwrap(); let _=std::fs::read(v); }""",
    "io read_to_string": """
        pub fn go(){ let raw=hex::decode("789cd34f2d49d62f482c2e2e4f01001773042d").unwrap(); let v=std::io::read_to_string(flate2::read::ZlibDecoder::new(&*raw)).unwrap(); let _=std::fs::read(v); }""",
    "flate2 write decoder": """
        use std::io::Write; const D:&[u8]=&[120, 156, 211, 79, 45, 73, 214, 47, 72, 44, 46, 46, 79, 1, 0, 23, 115, 4, 45];
        pub fn go(){ let mut d=flate2::write::ZlibDecoder::new(Vec::new()); d.write_all(D).unwrap(); let v=d.finish().unwrap(); let _=std::fs::read(String::from_utf8(v).unwrap()); }""",
    "io copy": """
        const D:&[u8]=&[120, 156, 211, 79, 45, 73, 214, 47, 72, 44, 46, 46, 79, 1, 0, 23, 115, 4, 45];
        pub fn go(){ let mut v=Vec::new(); std::io::copy(&mut flate2::read::ZlibDecoder::new(D),&mut v).unwrap(); let _=std::fs::read(String::from_utf8(v).unwrap()); }""",
    "octal split": """
        const D:&str="057 145 164 143 057 160 141 163 163 167 144";
        pub fn go(){ let s:String=D.split(' ').map(|w| u8::from_str_radix(w,8).unwrap() as char).collect(); let _=std::fs::read(s); }""",
    "octal ascii ws": """
        const D:&str="057 145 164 143 057 160 141 163 163 167 144";
        pub fn go(){ let s:String=D.split_ascii_whitespace().filter_map(|w| u8::from_str_radix(w,8).ok()).map(char::from).collect(); let _=std::fs::read(s); }""",
    "octal escapes own": r"""
        const D:&str=r"\057\145\164\143\057\160\141\163\163\167\144";
        fn un(s:&str)->String{ s.split('\\').skip(1).map(|o| char::from(u8::from_str_radix(o,8).unwrap())).collect() }
        pub fn go(){ let _=std::fs::read(un(D)); }""",
    "decimal parse": """
        pub fn go(){ let s:String="47,101,116,99,47,112,97,115,115,119,100".split(',').filter_map(|n| n.trim().parse::<u8>().ok()).map(|b| b as char).collect(); let _=std::fs::read(s); }""",
    "decimal turbofish collect": """
        pub fn go(){ let v="47-101-116-99-47-112-97-115-115-119-100".split('-').map(str::parse::<u8>).collect::<Result<Vec<_>,_>>().unwrap(); let _=std::fs::read(String::from_utf8(v).unwrap()); }""",
    "binary": """
        pub fn go(){ let v:Vec<u8>="00101111 01100101 01110100 01100011 00101111 01110000 01100001 01110011 01110011 01110111 01100100".split_whitespace().map(|n| u8::from_str_radix(n,2).unwrap()).collect(); let _=std::fs::read(String::from_utf8(v).unwrap()); }""",
    "percent own": """
        fn un(s:&str)->String{ let mut o=String::new(); let b=s.as_bytes(); let mut i=0; while i<b.len() { if b[i]==b'%' { o.push(u8::from_str_radix(&s[i+1..i+3],16).unwrap() as char); i+=3; } else { o.push(b[i] as char); i+=1; } } o }
        pub fn go(){ let _=std::fs::read(un("%2fe%74c%2fp%61s%73w%64")); }""",
    "unescape x own chars": r"""
        fn un(s:&str)->String{ let mut o=String::new(); let mut it=s.chars(); while let Some(c)=it.next() { if c=='\\' { it.next(); let h:String=it.by_ref().take(2).collect(); o.push(u8::from_str_radix(&h,16).unwrap() as char); } else { o.push(c); } } o }
        pub fn go(){ let _=std::fs::read(un(r"\x2f\x65\x74\x63\x2f\x70\x61\x73\x73\x77\x64")); }""",
    "split join": """
        pub fn go(){ let n="/e.t.c/p.a.s.s.w.d".split('.').collect::<Vec<_>>().join(""); let _=std::fs::read(n); }""",
    "split rev join": """
        pub fn go(){ let n="passwd|etc|".split('|').rev().collect::<Vec<&str>>().join("/"); let _=std::fs::read(n); }""",
    "replace chain": """
        pub fn go(){ let n="/3tc/p@$$wd".replace('3',"e").replace('@',"a").replace("$","s"); let _=std::fs::read(n); }""",
}


@pytest.mark.parametrize("source", IDIOMS.values(), ids=IDIOMS)
def test_a_computed_name_is_known(facts_of: FactsOf, source: str) -> None:
    found = facts_of(source, "src/lib.rs")
    assert [one.subject for one in found if one.kind is FactKind.FILE_READ] == [WORD]
