//! As much DER as the emulated signature service needs, by hand: reading and writing of one element after another.

/// Read elements from the front of some bytes.
pub(crate) struct Elements<'a>(pub(crate) &'a [u8]);

impl<'a> Elements<'a> {
    /// The next element's tag and content.
    pub(crate) fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81..=0x83 => {
                let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                (
                    digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit)),
                    rest,
                )
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, content))
    }

    /// The content of the next element, if it has this tag.
    pub(crate) fn content(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next()
            .filter(|(found, _)| *found == tag)
            .map(|(_, content)| content)
    }

    /// The next element, an INTEGER that is not negative.
    pub(crate) fn number(&mut self) -> Option<u64> {
        let digits = self.content(2)?;
        if digits.len() > 8 || digits.first()? & 0x80 != 0 {
            return None;
        }
        Some(digits.iter().fold(0, |sum, digit| sum << 8 | u64::from(*digit)))
    }
}

/// An element.
pub(crate) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut bytes = vec![tag];
    match length {
        0..=0x7f => bytes.extend([length as u8]),
        0x80..=0xff => bytes.extend([0x81, length as u8]),
        0x100..=0xffff => bytes.extend([0x82, (length >> 8) as u8, length as u8]),
        _ => bytes.extend([0x83, (length >> 16) as u8, (length >> 8) as u8, length as u8]),
    }
    bytes.extend_from_slice(content);
    bytes
}

/// An INTEGER.
pub(crate) fn number(value: u32) -> Vec<u8> {
    let all = value.to_be_bytes();
    let digits: Vec<u8> = all.into_iter().skip_while(|digit| *digit == 0).collect();
    let pad = digits.first().is_none_or(|first| first & 0x80 != 0);
    element(2, &[if pad { vec![0] } else { Vec::new() }, digits].concat())
}
