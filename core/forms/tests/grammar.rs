//! The grammar of XPath 1.0: how texts are read, and what is refused where. The expected trees follow the
//! recommendation of 16 November 1999 (sections 2, 3.5 and 3.7), written with brackets by hand.

use shenhai_forms::xpath::{Axis, ExprKind, Operator, Span, Start, SyntaxFault, Test, parse};

/// The text with every operator's operands in brackets.
fn bracketed(text: &str) -> String {
    fn of(expr: &shenhai_forms::xpath::Expr) -> String {
        match &expr.kind {
            ExprKind::Chain { first, rest } => rest.iter().fold(of(first), |left, (operator, right)| {
                format!("({left} {} {})", operator.symbol(), of(right))
            }),
            ExprKind::Negate(inner) => format!("(-{})", of(inner)),
            _ => expr.to_string(),
        }
    }
    of(&parse(text).unwrap_or_else(|error| panic!("{text}: {error} at {:?}", error.span)))
}

#[test]
fn operators_bind_as_the_recommendation_says() {
    for (text, tree) in [
        ("1 + 2 * 3", "(1 + (2 * 3))"),
        ("1 - 2 - 3", "((1 - 2) - 3)"),
        ("8 div 4 div 2", "((8 div 4) div 2)"),
        ("3 > 2 > 1", "((3 > 2) > 1)"),
        ("a = b != c", "((a = b) != c)"),
        ("a < b = c > d", "((a < b) = (c > d))"),
        ("a or b and c or d", "((a or (b and c)) or d)"),
        ("a = 1 or b >= 2 and c", "((a = 1) or ((b >= 2) and c))"),
        ("-a | b", "(-(a | b))"),
        ("-2 * 3", "((-2) * 3)"),
        ("2 * -3", "(2 * (-3))"),
        ("--1", "(-(-1))"),
        ("1 - -1", "(1 - (-1))"),
        ("(1 + 2) * 3", "((1 + 2) * 3)"),
        ("1 + (2 + 3)", "(1 + (2 + 3))"),
        ("a|b|c", "((a | b) | c)"),
        ("1<=2", "(1 <= 2)"),
        ("5mod 3", "(5 mod 3)"),
    ] {
        assert_eq!(bracketed(text), tree, "{text}");
    }
}

#[test]
fn stars_and_words_are_names_where_an_operand_must_stand() {
    for (text, tree) in [
        ("* * *", "(* * *)"),
        ("and and and", "(and and and)"),
        ("div div div", "(div div div)"),
        ("mod mod mod or or", "((mod mod mod) or or)"),
        ("a/* * 2", "(a/* * 2)"),
        ("@* = 1", "(@* = 1)"),
        ("a[*]", "a[*]"),
        ("f(*, *)", "f(*, *)"),
        ("child::*", "*"),
        ("2 * *", "(2 * *)"),
        ("p:* * 2", "(p:* * 2)"),
    ] {
        assert_eq!(bracketed(text), tree, "{text}");
    }
}

#[test]
fn names_keep_their_minus_and_their_dots() {
    assert_eq!(bracketed("a-b"), "a-b");
    assert_eq!(bracketed("a - b"), "(a - b)");
    assert_eq!(bracketed("a -b"), "(a - b)");
    assert_eq!(bracketed("5-3"), "(5 - 3)");
    assert_eq!(bracketed("visit.due"), "visit.due");
    assert_eq!(bracketed("decimal-date-time(x)"), "decimal-date-time(x)");
    assert_eq!(bracketed("jr:choice-name(a, 'b')"), "jr:choice-name(a, 'b')");
    assert_eq!(bracketed("区县 = '青浦'"), "(区县 = '青浦')");
}

#[test]
fn short_and_long_steps_are_the_same() {
    for (short, long) in [
        ("a", "child::a"),
        ("@a", "attribute::a"),
        (".", "self::node()"),
        ("..", "parent::node()"),
        ("a//b", "a/descendant-or-self::node()/b"),
        ("//b", "/descendant-or-self::node()/b"),
        ("../a", "parent::node()/child::a"),
        (".//a", "self::node()/descendant-or-self::node()/child::a"),
        ("a / b [ 1 ]", "a/b[1]"),
        ("text ()", "child::text()"),
    ] {
        assert_eq!(parse(short), parse(long), "{short}");
    }
}

#[test]
fn a_path_has_its_start_its_steps_and_their_predicates() {
    let ExprKind::Path(path) = parse("/data/link[as='assist'][open]/@n").expect("a path").kind else {
        panic!("not a path");
    };
    assert_eq!(path.start, Start::Root);
    let tests: Vec<_> = path
        .steps
        .iter()
        .map(|step| match &step.test {
            Test::Name(name) => (step.axis, name.to_string(), step.predicates.len()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        tests,
        [
            (Axis::Child, "data".to_owned(), 0),
            (Axis::Child, "link".to_owned(), 2),
            (Axis::Attribute, "n".to_owned(), 0),
        ]
    );
}

#[test]
fn a_value_may_have_predicates_and_steps() {
    let ExprKind::Path(path) = parse("(a | b)[1]/c").expect("a path").kind else {
        panic!("not a path");
    };
    let Start::Value { of, predicates } = path.start else {
        panic!("not from a value");
    };
    assert_eq!(of.to_string(), "a | b");
    assert_eq!((predicates.len(), path.steps.len()), (1, 1));
    assert_eq!(bracketed("instance('items')/items/item[name = $x]"), {
        "instance('items')/items/item[name = $x]"
    });
}

#[test]
fn a_root_alone_ends_before_an_operator() {
    assert_eq!(parse("(/) * 2").expect("read").to_string(), "(/) * 2");
    assert_eq!(parse("/ = 1").expect("read").to_string(), "(/) = 1");
    // Without brackets the star is a step.
    assert_eq!(parse("/ *").expect("read").to_string(), "/*");
}

#[test]
fn every_node_knows_its_bytes() {
    let text = "count(link[as = 'a']) + ${b} >= -3";
    let expr = parse(text).expect("read");
    let ExprKind::Chain { first, rest } = &expr.kind else {
        panic!("not a chain");
    };
    let of = |span: Span| &text[span.start..span.end];
    assert_eq!(of(expr.span), text);
    assert_eq!(of(first.span), "count(link[as = 'a']) + ${b}");
    let (operator, right) = &rest[0];
    assert_eq!((*operator, of(right.span)), (Operator::GreaterOrEqual, "-3"));
    let ExprKind::Chain { first: call, rest } = &first.kind else {
        panic!("not a sum");
    };
    assert_eq!(of(rest[0].1.span), "${b}");
    let ExprKind::Call { args, .. } = &call.kind else {
        panic!("not a call");
    };
    let ExprKind::Path(path) = &args[0].kind else {
        panic!("not a path");
    };
    assert_eq!(of(path.steps[0].span), "link");
    assert_eq!(of(path.steps[0].predicates[0].span), "as = 'a'");
}

#[test]
fn a_place_is_told_in_lines_and_characters() {
    let text = "区 = 1\n and 县 ? 2";
    let error = parse(text).expect_err("no such operator");
    assert_eq!(error.fault, SyntaxFault::Character('?'));
    assert_eq!(error.span.line_and_column(text), (2, 8));
}

#[test]
fn what_is_no_expression_is_refused_with_its_place() {
    use SyntaxFault as F;
    let found = |text: &str| text.to_owned();
    for (text, fault, at) in [
        ("", F::Empty, 0..0),
        (" \n", F::Empty, 0..2),
        ("a b", F::OperatorMissing(found("b")), 2..3),
        ("a 'b'", F::OperatorMissing(found("'b'")), 2..5),
        ("1 2", F::OperatorMissing(found("2")), 2..3),
        ("a mod-3", F::OperatorMissing(found("mod-3")), 2..7),
        ("a +", F::EndsEarly, 3..3),
        ("a + )", F::OperandMissing(found(")")), 4..5),
        ("= 1", F::OperandMissing(found("=")), 0..1),
        ("f(,a)", F::OperandMissing(found(",")), 2..3),
        ("f(a,)", F::OperandMissing(found(")")), 4..5),
        (
            "(a",
            F::BracketMissing {
                expected: ')',
                found: found(""),
            },
            2..2,
        ),
        (
            "f(a]",
            F::BracketMissing {
                expected: ')',
                found: found("]"),
            },
            3..4,
        ),
        (
            "a[1",
            F::BracketMissing {
                expected: ']',
                found: found(""),
            },
            3..3,
        ),
        (
            "node(a)",
            F::BracketMissing {
                expected: ')',
                found: found("a"),
            },
            5..6,
        ),
        ("a)", F::Stray(found(")")), 1..2),
        ("a, b", F::Stray(found(",")), 1..2),
        ("a/", F::StepMissing, 2..2),
        ("a/1", F::StepMissing, 2..3),
        ("@", F::StepMissing, 1..1),
        ("//", F::StepMissing, 2..2),
        ("following::a", F::Axis(found("following")), 0..11),
        ("ancestor-or-self::*", F::Axis(found("ancestor-or-self")), 0..18),
        ("comment()", F::NodeType(found("comment")), 0..7),
        ("'abc", F::OpenText, 0..4),
        ("$", F::VariableName, 0..1),
        ("$1", F::VariableName, 0..1),
        ("${a", F::OpenReference, 0..3),
        ("${}", F::OpenReference, 0..2),
        ("a != !b", F::Character('!'), 5..6),
        ("a ＝ 1", F::Character('＝'), 2..5),
        ("f（a）", F::Character('（'), 1..4),
        ("a = ‘b’", F::Character('‘'), 4..7),
        ("a\u{a0}= 1", F::Character('\u{a0}'), 1..3),
        ("1 > 2 ; 3", F::Character(';'), 6..7),
    ] {
        let error = parse(text).expect_err(text);
        assert_eq!(
            (error.fault, error.span),
            (fault, Span::new(at.start, at.end)),
            "{text}"
        );
    }
}

#[test]
fn length_is_bounded() {
    let longest = format!("'{}'", "a".repeat(4094));
    assert!(parse(&longest).is_ok());
    let error = parse(&format!("{longest} ")).expect_err("4,097 bytes");
    assert_eq!(error.fault, SyntaxFault::TooLong);
}

#[test]
fn depth_is_bounded_and_a_long_sum_is_flat() {
    let nested = |levels: usize| format!("{}1{}", "f(".repeat(levels), ")".repeat(levels));
    assert!(parse(&nested(31)).is_ok(), "31 calls and a number");
    assert_eq!(
        parse(&nested(32)).expect_err("33 levels").fault,
        SyntaxFault::TooDeep
    );
    for hostile in [
        "(".repeat(4096),
        "-".repeat(4096),
        "a[".repeat(2048),
        "f(".repeat(2048),
        format!("{}1", "-".repeat(33)),
        // Only 22 brackets, but a sign, a sum and a product between every two.
        format!("{}1{}", "-(1 + 2 * (".repeat(11), "))".repeat(11)),
    ] {
        assert_eq!(parse(&hostile).expect_err("too deep").fault, SyntaxFault::TooDeep);
    }
    let sum = vec!["1"; 2048].join("+");
    let ExprKind::Chain { rest, .. } = parse(&sum).expect("a flat sum").kind else {
        panic!("not a chain");
    };
    assert_eq!(rest.len(), 2047);
}
