//! Sealed files: what was cut, moved, doubled or swapped does not open, and any chunk can be found by arithmetic.

use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;
use shenhai_crypto::{
    CHUNK, ChunkError, ChunkOpener, ChunkSealer, FILE_HEADER, FileKey, OpenError, SealingKey, chunk_at,
    chunk_count, chunk_range, full_chunks, plain_len, sealed_len,
};

const PHOTO: &[u8] = b"photo 0197";

fn rng(seed: u64) -> StdRng {
    StdRng::seed_from_u64(seed)
}

/// A file of `len` bytes and its sealed form, written chunk by chunk.
fn sealed_file(key: &FileKey, id: &[u8], len: usize) -> (Vec<u8>, Vec<u8>) {
    let plain: Vec<u8> = (0..len).map(|at| at.to_le_bytes()[at % 3]).collect();
    let sealer = ChunkSealer::new(key, id);
    let mut sealed = ChunkSealer::header().to_vec();
    let mut chunks: Vec<&[u8]> = plain.chunks(CHUNK).collect();
    if chunks.is_empty() {
        chunks.push(&[]);
    }
    for (index, chunk) in chunks.iter().enumerate() {
        let last = index + 1 == chunks.len();
        let chunk = sealer.seal_chunk(index as u64, last, chunk, &mut rng(index as u64));
        sealed.extend(chunk.expect("a chunk of the right length"));
    }
    (plain, sealed)
}

/// Everything in a sealed file, as a player would read it; `None` for a length no file has.
fn read(key: &FileKey, id: &[u8], sealed: &[u8]) -> Option<Result<Vec<u8>, ChunkError>> {
    let len = plain_len(sealed.len() as u64)?;
    let opener = ChunkOpener::new(key, id);
    let count = chunk_count(len);
    let chunks = (0..count).map(|index| {
        let range = chunk_range(index, len).expect("a chunk of this file");
        let part = &sealed[range.start as usize..range.end as usize];
        opener.open_chunk(index, index + 1 == count, part)
    });
    Some(chunks.collect::<Result<Vec<_>, _>>().map(|parts| parts.concat()))
}

#[test]
fn a_file_of_any_length_reads_back_and_is_as_long_as_said() {
    let key = FileKey::generate(&mut rng(1));
    for len in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 77] {
        let (plain, sealed) = sealed_file(&key, PHOTO, len);
        assert_eq!(sealed_len(len as u64), Some(sealed.len() as u64), "{len}");
        assert_eq!(plain_len(sealed.len() as u64), Some(len as u64), "{len}");
        assert_eq!(ChunkOpener::check_header(&sealed), Ok(()));
        assert_eq!(read(&key, PHOTO, &sealed), Some(Ok(plain)), "{len}");
    }
}

#[test]
fn a_file_cut_at_a_chunk_does_not_read_as_a_shorter_one() {
    let key = FileKey::generate(&mut rng(2));
    let (_, sealed) = sealed_file(&key, PHOTO, 3 * CHUNK);
    let two_chunks = FILE_HEADER + 2 * (CHUNK + 29);
    assert_eq!(
        read(&key, PHOTO, &sealed[..two_chunks]),
        Some(Err(ChunkError::NotAuthentic))
    );
    // Cut within the last chunk: a possible length, not authentic. Cut within a chunk's tag: no file's length.
    assert_eq!(
        read(&key, PHOTO, &sealed[..sealed.len() - 1]),
        Some(Err(ChunkError::NotAuthentic))
    );
    assert_eq!(read(&key, PHOTO, &sealed[..two_chunks + 20]), None);
}

#[test]
fn a_file_with_an_added_end_does_not_read_as_a_longer_one() {
    let key = FileKey::generate(&mut rng(3));
    let (_, sealed) = sealed_file(&key, PHOTO, CHUNK);
    let longer = [&sealed[..], &sealed[FILE_HEADER..]].concat();
    assert_eq!(read(&key, PHOTO, &longer), Some(Err(ChunkError::NotAuthentic)));
}

#[test]
fn reordered_and_doubled_chunks_do_not_open() {
    let key = FileKey::generate(&mut rng(4));
    let (_, sealed) = sealed_file(&key, PHOTO, 3 * CHUNK);
    let at = |index: usize| FILE_HEADER + index * (CHUNK + 29)..FILE_HEADER + (index + 1) * (CHUNK + 29);
    for order in [[1, 0, 2], [0, 0, 2], [0, 2, 1], [2, 2, 2]] {
        let mut other = sealed[..FILE_HEADER].to_vec();
        for index in order {
            other.extend(&sealed[at(index)]);
        }
        assert_eq!(
            read(&key, PHOTO, &other),
            Some(Err(ChunkError::NotAuthentic)),
            "{order:?}"
        );
    }
}

#[test]
fn a_chunk_of_another_file_does_not_open() {
    let rng = &mut rng(5);
    let (key, other) = (FileKey::generate(rng), FileKey::generate(rng));
    let (_, sealed) = sealed_file(&key, PHOTO, 100);
    // Even under the same key the id counts; a longer id is not a shorter one in another place.
    let longer = [PHOTO, &[0; 8], &[1]].concat();
    for (key, id) in [(&key, &b"photo 0198"[..]), (&other, PHOTO), (&key, &longer)] {
        assert_eq!(read(key, id, &sealed), Some(Err(ChunkError::NotAuthentic)));
    }
}

#[test]
fn a_file_key_unwraps_for_its_file_and_under_its_key_only() {
    let rng = &mut rng(6);
    let (device, other) = (SealingKey::generate(rng), SealingKey::generate(rng));
    let key = FileKey::generate(rng);
    let wrapped = key.wrap(&device, PHOTO, rng);
    let (plain, sealed) = sealed_file(&key, PHOTO, 5);
    let unwrapped = FileKey::unwrap(&device, &wrapped, PHOTO).expect("its own key");
    assert_eq!(read(&unwrapped, PHOTO, &sealed), Some(Ok(plain)));
    for (under, id) in [(&other, PHOTO), (&device, &b"photo 0198"[..])] {
        let refused = FileKey::unwrap(under, &wrapped, id).err();
        assert_eq!(refused, Some(OpenError::NotAuthentic));
    }
    let no_key = device.seal(b"15 bytes of key", b"shenhai-file-key-v1photo 0197", rng);
    assert_eq!(
        FileKey::unwrap(&device, &no_key, PHOTO).err(),
        Some(OpenError::NotAuthentic)
    );
    assert_eq!(format!("{key:?}"), "FileKey(..)");
}

#[test]
fn a_chunk_has_the_length_its_place_asks_for() {
    let key = FileKey::generate(&mut rng(7));
    let sealer = ChunkSealer::new(&key, PHOTO);
    let seal = |index, last, len: usize| sealer.seal_chunk(index, last, &vec![0; len], &mut rng(8)).err();
    for (index, last, len) in [
        (0, false, CHUNK - 1),
        (0, false, 0),
        (0, true, CHUNK + 1),
        (1, true, 0),
    ] {
        assert_eq!(
            seal(index, last, len),
            Some(ChunkError::Length),
            "{index} {last} {len}"
        );
    }
    assert_eq!(seal(0, true, 0), None);
    let opener = ChunkOpener::new(&key, PHOTO);
    for len in [0, 28, CHUNK + 30] {
        assert_eq!(opener.open_chunk(0, true, &vec![1; len]), Err(ChunkError::Length));
    }
}

#[test]
fn a_foreign_header_says_so() {
    let mut header = ChunkSealer::header();
    assert_eq!(
        ChunkOpener::check_header(&header[..7]),
        Err(ChunkError::NotSealed)
    );
    assert_eq!(
        ChunkOpener::check_header(b"\xff\xd8\xff\xe0\0\x10JFIF"),
        Err(ChunkError::NotSealed)
    );
    header[4] = 2;
    assert_eq!(
        ChunkOpener::check_header(&header),
        Err(ChunkError::UnknownVersion(2))
    );
}

#[test]
fn a_chunk_sealed_again_after_an_interruption_repeats_no_nonce() {
    let key = FileKey::generate(&mut rng(9));
    let sealer = ChunkSealer::new(&key, PHOTO);
    let rng = &mut rng(10);
    let first = sealer.seal_chunk(0, true, b"text", rng).expect("sealed");
    let again = sealer.seal_chunk(0, true, b"text", rng).expect("sealed");
    assert_ne!(first[1..13], again[1..13]);
}

#[test]
fn writing_resumes_behind_the_last_full_chunk_and_seeking_finds_its_byte() {
    let chunk = (CHUNK + 29) as u64;
    for (written, resume) in [
        (0, 0),
        (8, 0),
        (7 + chunk, 0),
        (8 + chunk, 1),
        (8 + 2 * chunk + 5, 2),
    ] {
        assert_eq!(full_chunks(written), resume, "{written}");
    }
    assert_eq!(chunk_at(0), (0, 0));
    assert_eq!(chunk_at(65_535), (0, 65_535));
    assert_eq!(chunk_at(65_536), (1, 0));
    assert_eq!(chunk_range(1, 65_537), Some(8 + chunk..8 + chunk + 30));
    assert_eq!(chunk_range(2, 65_537), None);
    assert_eq!(sealed_len(u64::MAX), None);
    assert_eq!(chunk_range(0, u64::MAX), None);
}

proptest! {
    #[test]
    fn the_two_lengths_are_each_others_reverse(len in 0_u64..1 << 50) {
        prop_assert_eq!(plain_len(sealed_len(len).expect("small")), Some(len));
    }

    #[test]
    fn a_length_that_no_file_has_is_none(sealed in any::<u64>()) {
        if let Some(len) = plain_len(sealed) {
            prop_assert_eq!(sealed_len(len), Some(sealed));
        }
    }
}
