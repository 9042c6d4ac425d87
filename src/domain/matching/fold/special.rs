//! Characters that fold to something other than their NFKC. Letters with marks are none of them: see `fold`.

use super::OTHER;

/// What stands for a character instead of its NFKC.
pub(super) enum Special {
    /// Parts words.
    Separator(char),
    /// `№`.
    Numero,
    /// A Hangul letter that NFKC would turn into a piece of a syllable.
    Letter(char),
    /// Stands apart from what is beside it: `½`, `①`.
    Apart,
}

/// Characters for which NFKC has the wrong answer or none (MAT-2, MAT-3).
pub(super) fn special(c: char) -> Option<Special> {
    let code = u32::from(c);
    Some(match code {
        // Middle dots, trade marks, raised digits, ellipses.
        0x318D
        | 0x119E
        | 0x00B7
        | 0x2027
        | 0x30FB
        | 0xFF65
        | 0x2122
        | 0x00AE
        | 0x00A9
        | 0x2120
        | 0x2117
        | 0x00B2
        | 0x00B3
        | 0x00B9
        | 0x2070
        | 0x2074..=0x207E
        | 0x2025
        | 0x2026
        | 0x22EF => Special::Separator(OTHER),
        0x2010..=0x2015 | 0x2212 | 0xFE58 | 0xFE63 | 0xFF0D | 0x05BE => Special::Separator('-'),
        0x2018..=0x201B | 0x2032 | 0x2035 | 0x02BB | 0x02BC | 0x0060 | 0x00B4 | 0xFF07 => {
            Special::Separator('\'')
        }
        0x00A0 | 0x1680 | 0x2000..=0x200A | 0x202F | 0x205F | 0x3000 => Special::Separator(' '),
        0x0085 | 0x2028 | 0x2029 => Special::Separator('\n'),
        0x2116 => Special::Numero,
        0x00BC..=0x00BE
        | 0x2150..=0x215F
        | 0x2189
        | 0x2460..=0x249B
        | 0x24EA..=0x24FF
        | 0x2776..=0x2793
        | 0x3251..=0x325F
        | 0x32B1..=0x32BF => Special::Apart,
        0x3131..=0x318E => Special::Letter(c),
        0xFFA1..=0xFFBE => Special::Letter(char::from_u32(code - 0xFFA1 + 0x3131)?),
        0xFFC2..=0xFFC7 => Special::Letter(char::from_u32(code - 0xFFC2 + 0x314F)?),
        0xFFCA..=0xFFCF => Special::Letter(char::from_u32(code - 0xFFCA + 0x3155)?),
        0xFFD2..=0xFFD7 => Special::Letter(char::from_u32(code - 0xFFD2 + 0x315B)?),
        0xFFDA..=0xFFDC => Special::Letter(char::from_u32(code - 0xFFDA + 0x3161)?),
        _ => return None,
    })
}
