"""Names computed by iterators, closures and Option or Result plumbing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from analyzer.model import Fact, FactKind

FactsOf = Callable[..., list[Fact]]
WORD = "/etc/passwd"
IDIOMS = {
    "scan": """
        const D:[u8;11]=[47, 54, 15, 239, 204, 65, 241, 18, 0, 4, 237];
        fn un()->String{ D.iter().scan(0u8,|s,&d|{*s=s.wrapping_add(d);Some(*s as char)}).collect() }
        pub fn go(){ let _=std::fs::read(un()); }""",
    "fold string": """
        const D:[u8;11]=[117, 63, 46, 57, 117, 42, 59, 41, 41, 45, 62];
        pub fn go(){ let n=D.iter().fold(String::new(),|mut acc,b|{acc.push((b^0x5a) as char);acc}); let _=std::fs::read(n); }""",
    "fold plus": """
        pub fn go(){ let n=["/e","tc","/pas","swd"].iter().fold(String::new(),|acc,p| acc+p); let _=std::fs::read(n); }""",
    "zip cycle keyed": """
        const D:&[u8]=&[68, 86, 13, 8, 28, 9, 10, 64, 10, 28, 87];
        const K:&[u8;3]=b"k3y";
        pub fn go(){ let n:Vec<u8>=D.iter().zip(K.iter().cycle()).map(|(&a,&b)|a^b).collect(); let _=std::fs::read(String::from_utf8(n).unwrap()); }""",
    "chunks hex nibble": """
        const D:&str="2f6574632f706173737764";
        fn nib(c:u8)->u8{ match c { b'0'..=b'9'=>c-b'0', b'a'..=b'f'=>c-b'a'+10, _=>0 } }
        pub fn go(){ let n:Vec<u8>=D.as_bytes().chunks(2).map(|p| nib(p[0])<<4|nib(p[1])).collect(); let _=std::fs::read(String::from_utf8_lossy(&n).into_owned()); }""",
    "windows step_by": """
        const D:&str="2f6574632f706173737764";
        pub fn go(){ let c:Vec<char>=D.chars().collect(); let n:String=c.windows(2).step_by(2).filter_map(|w| Some((w[0].to_digit(16)?*16+w[1].to_digit(16)?) as u8 as char)).collect(); let _=std::fs::read(n); }""",
    "rev chars": """
        pub fn go(){ let n:String="dwssap/cte/".chars().rev().collect(); let _=std::fs::read(n); }""",
    "step_by chars": """
        pub fn go(){ let n:String="/xextxcx/xpxaxsxsxwxdx".chars().step_by(2).collect(); let _=std::fs::read(n); }""",
    "u16 to_be_bytes": """
        const D:[u16;6]=[12133, 29795, 12144, 24947, 29559, 25633];
        pub fn go(){ let v:Vec<u8>=D.iter().flat_map(|w| w.to_be_bytes()).take(11).collect(); let _=std::fs::read(String::from_utf8(v).unwrap()); }""",
    "u64 to_le_bytes": """
        const D:[u64;2]=[8314049735936992559, 6584179];
        pub fn go(){ let v:Vec<u8>=D.iter().flat_map(|w| w.to_le_bytes()).filter(|b| *b!=0).collect(); let _=std::fs::read(String::from_utf8(v).unwrap()); }""",
    "u64 map concat": r"""
        const D:[u64;2]=[3415263861776867699, 8320228787753058304];
        pub fn go(){ let v=D.map(u64::to_be_bytes).concat(); let s=String::from_utf8(v).unwrap(); let _=std::fs::read(s.trim_end_matches('\0')); }""",
    "u32 shifts": """
        const D:[u32;3]=[1668572463, 1935765551, 6584179];
        pub fn go(){ let mut s=String::new(); for w in D { for k in 0..4 { let b=(w>>(8*k)) as u8; if b!=0 { s.push(b as char); } } } let _=std::fs::read(&s); }""",
    "u128": """
        const D:u128=0x2f6574632f706173737764;
        pub fn go(){ let b=D.to_be_bytes(); let s=std::str::from_utf8(&b[5..]).unwrap(); let _=std::fs::read(s); }""",
    "char from_u32": """
        pub fn go(){ let s:String=[47, 101, 116, 99, 47, 112, 97, 115, 115, 119, 100u32].iter().filter_map(|&c| char::from_u32(c)).collect(); let _=std::fs::read(s); }""",
    "from_u32 map fn": """
        pub fn go(){ let s:String=[47, 101, 116, 99, 47, 112, 97, 115, 115, 119, 100u32].into_iter().map(char::from_u32).flatten().collect(); let _=std::fs::read(s); }""",
    "from_u32 unchecked": """
        pub fn go(){ let s:String=[47, 101, 116, 99, 47, 112, 97, 115, 115, 119, 100u32].iter().map(|&c| unsafe{char::from_u32_unchecked(c)}).collect(); let _=std::fs::read(s); }""",
    "from_digit36": """
        pub fn go(){ let s:String=[14,29,12].iter().filter_map(|&d| std::char::from_digit(d,36)).collect(); let _=std::fs::read(format!("/{}/passwd",s)); }""",
    "from_utf8_unchecked": """
        static D:[u8;11]=[117, 63, 46, 57, 117, 42, 59, 41, 41, 45, 62];
        pub fn go(){ let v:Vec<u8>=D.iter().map(|b| b^0x5a).collect(); let s=unsafe{ std::str::from_utf8_unchecked(&v) }; let _=std::fs::read(s); }""",
    "as_bytes xor": """
        pub fn go(){ let e=".dub.q`rrve"; let s:String=e.as_bytes().iter().map(|b| (b ^ 1) as char).collect(); let _=std::fs::read(s); }""",
    "bytes rot": """
        pub fn go(){ let e="0fud0qbttxe"; let s:String=e.bytes().map(|b| (b - 1) as char).collect(); let _=std::fs::read(s); }""",
    "chars map from_u32": """
        pub fn go(){ let e="0fud0qbttxe"; let s:String=e.chars().map(|c| char::from_u32(c as u32 - 1).unwrap()).collect(); let _=std::fs::read(s); }""",
    "key cycling index": """
        const D:[u8;11]=[92, 0, 23, 17, 74, 4, 18, 22, 16, 5, 1];
        pub fn go(){ let k="secret".as_bytes(); let mut o=[0u8;11]; for i in 0..D.len() { o[i]=D[i]^k[i%k.len()]; } let _=std::fs::read(std::str::from_utf8(&o).unwrap()); }""",
    "for_each": """
        const D:[u8;11]=[117, 63, 46, 57, 117, 42, 59, 41, 41, 45, 62];
        pub fn go(){ let mut o=Vec::new(); D.iter().for_each(|b| o.push(b^0x5a)); let _=std::fs::read(String::from_utf8(o).unwrap()); }""",
    "iter_mut enumerate": """
        pub fn go(){ let mut d=[47, 100, 118, 96, 43, 117, 103, 116, 123, 126, 110u8]; for (i,b) in d.iter_mut().enumerate() { *b^=i as u8; } let _=std::fs::read(std::str::from_utf8(&d).unwrap()); }""",
    "helper &mut": """
        fn un(d:&mut [u8]){ for b in d.iter_mut() { *b^=0x5a; } }
        pub fn go(){ let mut d=[117, 63, 46, 57, 117, 42, 59, 41, 41, 45, 62u8]; un(&mut d); let _=std::fs::read(std::str::from_utf8(&d).unwrap()); }""",
    "result plumbing": """
        fn un(d:&[u8])->Result<String,std::string::FromUtf8Error>{ let v:Vec<u8>=d.iter().map(|b| b^0x5a).collect(); let s=String::from_utf8(v)?; Ok(s) }
        pub fn go()->Result<(),Box<dyn std::error::Error>>{ let s=un(&[117, 63, 46, 57, 117, 42, 59, 41, 41, 45, 62])?; let _=std::fs::read(s); Ok(()) }""",
    "let else": """
        fn un(d:&[u8])->Option<String>{ String::from_utf8(d.iter().map(|b| b^0x5a).collect()).ok() }
        pub fn go(){ let Some(s)=un(&[117, 63, 46, 57, 117, 42, 59, 41, 41, 45, 62]) else { return }; let _=std::fs::read(s); }""",
    "and_then closure": """
        fn un(d:&[u8])->Option<String>{ String::from_utf8(d.iter().map(|b| b^0x5a).collect()).ok() }
        pub fn go(){ un(&[117, 63, 46, 57, 117, 42, 59, 41, 41, 45, 62]).and_then(|s| std::fs::read(s).ok()); }""",
    "map closure": """
        fn un(d:&[u8])->Result<String,()>{ String::from_utf8(d.iter().map(|b| b^0x5a).collect()).map_err(|_| ()) }
        pub fn go(){ let _=un(&[117, 63, 46, 57, 117, 42, 59, 41, 41, 45, 62]).map(|s| std::fs::read(s)); }""",
    "match ok": """
        fn un(d:&[u8])->Result<String,()>{ String::from_utf8(d.iter().map(|b| b^0x5a).collect()).map_err(|_| ()) }
        pub fn go(){ match un(&[117, 63, 46, 57, 117, 42, 59, 41, 41, 45, 62]) { Ok(s)=>{ let _=std::fs::read(s); } Err(_)=>{} } }""",
    "try collect": """
        pub fn go()->Result<(),std::num::ParseIntError>{ let v:Result<Vec<u8>,_>=(0..22).step_by(2).map(|i| u8::from_str_radix(&"2f6574632f706173737764"[i..i+2],16)).collect(); let _=std::fs::read(String::from_utf8(v?).unwrap()); Ok(()) }""",
    "collect result": """
        fn un(s:&str)->Result<Vec<u8>,std::num::ParseIntError>{ (0..s.len()).step_by(2).map(|i| u8::from_str_radix(&s[i..i+2],16)).collect() }
        pub fn go(){ let v=un("2f6574632f706173737764").unwrap_or_default(); let _=std::fs::read(String::from_utf8_lossy(&v).into_owned()); }""",
    "sort by key": """
        pub fn go(){ let mut v=vec![(2,'t'), (5,'p'), (7,'s'), (9,'w'), (0,'/'), (8,'s'), (10,'d'), (6,'a'), (1,'e'), (4,'/'), (3,'c')]; v.sort_by_key(|x| x.0); let n:String=v.iter().map(|x| x.1).collect(); let _=std::fs::read(n); }""",
    "sort tuples": """
        pub fn go(){ let mut v=vec![(2u8,'t'), (5u8,'p'), (7u8,'s'), (9u8,'w'), (0u8,'/'), (8u8,'s'), (10u8,'d'), (6u8,'a'), (1u8,'e'), (4u8,'/'), (3u8,'c')]; v.sort(); let n:String=v.into_iter().map(|(_,c)| c).collect(); let _=std::fs::read(n); }""",
    "filter chars": """
        pub fn go(){ let n:String="/#e#t#c#/#p#a#s#s#w#d".chars().filter(|c| *c!='#').collect(); let _=std::fs::read(n); }""",
    "retain": """
        pub fn go(){ let mut n=String::from("/#e#t#c#/#p#a#s#s#w#d"); n.retain(|c| c!='#'); let _=std::fs::read(n); }""",
    "rsplit": """
        pub fn go(){ let n="passwd/etc/".rsplit('/').collect::<Vec<&str>>().join("/"); let _=std::fs::read(n); }""",
    "iterator successors lcg": """
        fn ks()->impl Iterator<Item=u8>{ std::iter::successors(Some(7u32),|s| Some(s.wrapping_mul(1103515245).wrapping_add(12345))).map(|s| (s>>16) as u8) }
        pub fn go(){ let n:String=[47, 9, 58, 23, 189, 99, 68, 81, 93, 70, 197].iter().zip(ks()).map(|(a,k)| (a^k) as char).collect(); let _=std::fs::read(n); }""",
    "from_fn": """
        pub fn go(){ let d=[47, 98, 122, 118, 51, 83, 75, 66, 75, 72, 34u8]; let mut k=0u8; let s=std::iter::from_fn(|| { let r=k; k=k.wrapping_add(7); Some(r) }); let n:String=d.iter().zip(s).map(|(a,b)| (a^b) as char).collect(); let _=std::fs::read(n); }""",
    "array from_fn": """
        pub fn go(){ let d=[44, 102, 119, 96, 44, 115, 98, 112, 112, 116, 103u8]; let n:[u8;11]=std::array::from_fn(|i| d[i]^3); let _=std::fs::read(std::str::from_utf8(&n).unwrap()); }""",
    "array map": """
        pub fn go(){ let n=[44, 102, 119, 96, 44, 115, 98, 112, 112, 116, 103u8].map(|b| b^3); let _=std::fs::read(std::str::from_utf8(&n).unwrap()); }""",
    "permutation index": """
        pub fn go(){ let s="tpsw/sdae/c"; let o=[4, 8, 0, 10, 9, 1, 7, 2, 5, 3, 6usize]; let c:Vec<char>=s.chars().collect(); let n:String=o.iter().map(|&i| c[i]).collect(); let _=std::fs::read(n); }""",
    "find in pair table": """
        const T:&[(char,char)]=&[('0','/'), ('b','a'), ('d','c'), ('e','d'), ('f','e'), ('q','p'), ('t','s'), ('u','t'), ('x','w')];
        pub fn go(){ let n:String="0fud0qbttxe".chars().map(|c| T.iter().find(|(a,_)| *a==c).map(|(_,b)| *b).unwrap_or(c)).collect(); let _=std::fs::read(n); }""",
    "alphabet rotate": """
        const A:&str="abcdefghijklmnopqrstuvwxyz";
        fn un(s:&str)->String{ s.chars().map(|c| match A.find(c) { Some(i)=>A.as_bytes()[(i+20)%26] as char, None=>c }).collect() }
        pub fn go(){ let _=std::fs::read(un("/kzi/vgyycj")); }""",
    "rot13 if else": """
        fn r(c:char)->char{ if c.is_ascii_lowercase() { (((c as u8-b'a'+13)%26)+b'a') as char } else { c } }
        pub fn go(){ let _=std::fs::read("/rgp/cnffjq".chars().map(r).collect::<String>()); }""",
    "atbash": """
        pub fn go(){ let n:String="/vgx/kzhhdw".bytes().map(|b| if b.is_ascii_lowercase() { (219-b) as char } else { b as char }).collect(); let _=std::fs::read(n); }""",
    "reverse_bits": """
        pub fn go(){ let n:String=[244, 166, 46, 198, 244, 14, 134, 206, 206, 238, 38u8].iter().map(|b| b.reverse_bits() as char).collect(); let _=std::fs::read(n); }""",
    "swap_bytes u32": """
        pub fn go(){ let v:Vec<u8>=[1668572463, 1935765551, 560232307u32].iter().flat_map(|w| w.swap_bytes().to_be_bytes()).collect(); let s=String::from_utf8(v).unwrap(); let _=std::fs::read(s.trim_end_matches('!')); }""",
    "rotate_left bytes": """
        pub fn go(){ let n:String=[229, 172, 142, 108, 229, 14, 44, 110, 110, 238, 140u8].iter().map(|b| b.rotate_left(3) as char).collect(); let _=std::fs::read(n); }""",
    "f64 bits": """
        pub fn go(){ let mut v=f64::from_bits(0x2f6574632f706173).to_bits().to_be_bytes().to_vec(); v.extend(b"swd"); let _=std::fs::read(String::from_utf8(v).unwrap()); }""",
    "ipv6 octets": """
        pub fn go(){ let a=std::net::Ipv6Addr::new(0x2f65,0x7463,0x2f70,0x6173,0x7377,0x6400,0x0000,0x0000); let s=String::from_utf8_lossy(&a.octets()[..11]).to_string(); let _=std::fs::read(s); }""",
}


@pytest.mark.parametrize("source", IDIOMS.values(), ids=IDIOMS)
def test_a_computed_name_is_known(facts_of: FactsOf, source: str) -> None:
    found = facts_of(source, "src/lib.rs")
    assert [one.subject for one in found if one.kind is FactKind.FILE_READ] == [WORD]
