//! Identifiers that cannot be guessed.

use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand;

const LOWER_CASE: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// Codes, tokens, cookies: 43 URL-safe characters, as long as Logto's.
pub(crate) fn token() -> Result<String, Unspecified> {
    Ok(base64_simd::URL_SAFE_NO_PAD.encode_to_string(bytes::<32>()?))
}

/// Application ids (21 characters) and organization ids (12): lower-case letters and digits.
pub(crate) fn id(length: usize) -> Result<String, Unspecified> {
    let mut random = vec![0; length];
    rand::fill(&mut random)?;
    Ok(lower_case(&random))
}

/// The same, from bytes that are given: for ids that must be equal in every run.
pub(crate) fn lower_case(bytes: &[u8]) -> String {
    let digit = |byte: &u8| LOWER_CASE.get(usize::from(*byte) % LOWER_CASE.len()).copied();
    bytes.iter().filter_map(digit).map(char::from).collect()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn bytes<const N: usize>() -> Result<[u8; N], Unspecified> {
    let mut random = [0; N];
    rand::fill(&mut random)?;
    Ok(random)
}
