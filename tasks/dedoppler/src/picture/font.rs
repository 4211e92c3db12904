//! A small font, 5 dots wide and 7 high, drawn here as it looks: capitals, figures, and the
//! small letters of units.

/// From the left of one character to the left of the next.
pub(super) const ADVANCE: usize = 6;

const HEIGHT: usize = 7;

/// The characters of a line, and their pictures side by side.
type Sheet = (&'static str, [&'static str; HEIGHT]);

const SHEETS: [Sheet; 5] = [
    (
        "0123456789.",
        [
            " ###    #    ###   ###     #  #####  ###  #####  ###   ###        ",
            "#   #  ##   #   # #   #   ##  #     #     #   # #   # #   #       ",
            "#  ##   #       #     #  # #  ####  #        #  #   # #   #       ",
            "# # #   #      #    ##  #  #      # ####    #    ###   ####       ",
            "##  #   #     #       # #####     # #   #   #   #   #     #       ",
            "#   #   #    #    #   #    #  #   # #   #   #   #   #     #  ##   ",
            " ###   ###  #####  ###     #   ###   ###    #    ###   ###   ##   ",
        ],
    ),
    (
        "ABCDEFGHIJK",
        [
            " ###  ####   ###  ####  ##### #####  ###  #   #  ###    ### #   # ",
            "#   # #   # #   # #   # #     #     #   # #   #   #      #  #  #  ",
            "#   # #   # #     #   # #     #     #     #   #   #      #  # #   ",
            "##### ####  #     #   # ####  ####  # ### #####   #      #  ##    ",
            "#   # #   # #     #   # #     #     #   # #   #   #      #  # #   ",
            "#   # #   # #   # #   # #     #     #   # #   #   #   #  #  #  #  ",
            "#   # ####   ###  ####  ##### #      ###  #   #  ###   ##   #   # ",
        ],
    ),
    (
        "LMNOPQRSTUV",
        [
            "#     #   # #   #  ###  ####   ###  ####   #### ##### #   # #   # ",
            "#     ## ## ##  # #   # #   # #   # #   # #       #   #   # #   # ",
            "#     # # # # # # #   # #   # #   # #   # #       #   #   # #   # ",
            "#     # # # #  ## #   # ####  #   # ####   ###    #   #   # #   # ",
            "#     #   # #   # #   # #     # # # # #       #   #   #   # #   # ",
            "#     #   # #   # #   # #     #  #  #  #      #   #   #   #  # #  ",
            "##### #   # #   #  ###  #      ## # #   # ####    #    ###    #   ",
        ],
    ),
    (
        "WXYZ+-/:,_?",
        [
            "#   # #   # #   # #####                 #                    ###  ",
            "#   # #   # #   #     #   #             # #  ##             #   # ",
            "#   #  # #   # #     #    #            # #   ##                 # ",
            "# # #   #     #     #   ##### #####   #                        #  ",
            "# # #  # #    #    #      #          #       ##   ##          #   ",
            "## ## #   #   #   #       #         #        ##    #              ",
            "#   # #   #   #   #####             #             #   #####   #   ",
        ],
    ),
    (
        "ksz()=",
        [
            "#                   #    #          ",
            "#  #               #      #         ",
            "# #    ###  ####   #      #   ####  ",
            "##    #       #    #      #         ",
            "# #    ##    #     #      #   ####  ",
            "#  #     #  #      #      #         ",
            "#  #  ###   ####    #    #          ",
        ],
    ),
];

/// The width of a line of text at scale 1.
pub(super) fn width(text: &str) -> usize {
    text.chars().count() * ADVANCE
}

/// The dots of a character as (row, column). A space has none; what is not drawn here is a
/// question mark.
pub(super) fn dots(character: char) -> impl Iterator<Item = (usize, usize)> {
    let (lines, begin) = glyph(character).or_else(|| glyph('?')).unwrap_or(([""; HEIGHT], 0));
    lines.into_iter().enumerate().flat_map(move |(row, line)| {
        let dots = line.bytes().skip(begin).take(ADVANCE).enumerate();
        dots.filter(move |&(_, dot)| dot == b'#' && character != ' ')
            .map(move |(column, _)| (row, column))
    })
}

/// The lines of a character's sheet, and where in them it begins.
fn glyph(character: char) -> Option<([&'static str; HEIGHT], usize)> {
    SHEETS.iter().find_map(|(characters, lines)| {
        let index = characters.chars().position(|c| c == character)?;
        Some((*lines, index * ADVANCE))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pictures_are_as_wide_as_their_characters() {
        for (characters, lines) in SHEETS {
            for line in lines {
                assert_eq!(line.len(), width(characters), "{characters}: {line:?}");
            }
        }
    }

    #[test]
    fn a_character_is_drawn_where_it_stands_in_its_sheet() {
        assert!(dots('-').eq((0..5).map(|column| (3, column))));
        assert!(dots('\u{e9}').eq(dots('?')));
        assert_eq!(dots(' ').count(), 0);
    }
}
