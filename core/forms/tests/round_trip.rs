//! A printed tree reads back as the same tree.

use proptest::prelude::*;
use shenhai_forms::xpath::{
    Axis, Expr, ExprKind, MAX_DEPTH, Name, Operator, Path, Span, Start, Step, SyntaxFault, Test, parse,
};

fn expr(kind: ExprKind) -> Expr {
    Expr {
        kind,
        span: Span::default(),
    }
}

fn local() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z][a-z0-9_.-]{0,5}",
        Just("and".to_owned()),
        Just("or".to_owned()),
        Just("div".to_owned()),
        Just("mod".to_owned()),
        Just("区县".to_owned()),
    ]
}

fn name() -> impl Strategy<Value = Name> {
    (proptest::option::of("[a-z][a-z0-9]{0,3}"), local()).prop_map(|(prefix, local)| Name { prefix, local })
}

fn leaf() -> impl Strategy<Value = Expr> {
    let kind = prop_oneof![
        "[^']{0,6}".prop_map(ExprKind::Text),
        "[^\"]{0,6}".prop_map(ExprKind::Text),
        "[0-9]{1,6}(\\.[0-9]{0,4})?".prop_map(ExprKind::Number),
        "\\.[0-9]{1,4}".prop_map(ExprKind::Number),
        name().prop_map(ExprKind::Variable),
        local().prop_map(ExprKind::Reference),
        Just(ExprKind::Path(Path {
            start: Start::Root,
            steps: Vec::new(),
        })),
    ];
    kind.prop_map(expr)
}

fn step(inner: impl Strategy<Value = Expr> + 'static) -> impl Strategy<Value = Step> {
    let axis = prop_oneof![
        Just(Axis::Child),
        Just(Axis::Attribute),
        Just(Axis::Parent),
        Just(Axis::SelfNode),
        Just(Axis::DescendantOrSelf),
    ];
    let test = prop_oneof![
        name().prop_map(Test::Name),
        Just(Test::Any),
        "[a-z]{1,3}".prop_map(Test::AnyOf),
        Just(Test::Node),
        Just(Test::Text),
    ];
    (axis, test, proptest::collection::vec(inner, 0..3)).prop_map(|(axis, test, predicates)| Step {
        axis,
        test,
        predicates,
        span: Span::default(),
    })
}

fn path(inner: BoxedStrategy<Expr>) -> impl Strategy<Value = Path> {
    let steps = proptest::collection::vec(step(inner.clone()), 1..4);
    let start = prop_oneof![
        Just(Start::Context),
        Just(Start::Root),
        (inner.clone(), proptest::collection::vec(inner, 0..2)).prop_map(|(of, predicates)| Start::Value {
            of: Box::new(of),
            predicates,
        }),
    ];
    (start, steps).prop_map(|(start, steps)| Path { start, steps })
}

fn chain(inner: BoxedStrategy<Expr>) -> impl Strategy<Value = ExprKind> {
    use Operator as O;
    let levels = [
        vec![O::Or],
        vec![O::And],
        vec![O::Equal, O::NotEqual],
        vec![O::Less, O::LessOrEqual, O::Greater, O::GreaterOrEqual],
        vec![O::Add, O::Subtract],
        vec![O::Multiply, O::Divide, O::Modulo],
        vec![O::Union],
    ];
    proptest::sample::select(levels.to_vec()).prop_flat_map(move |level| {
        let further = (proptest::sample::select(level), inner.clone());
        (inner.clone(), proptest::collection::vec(further, 1..4)).prop_map(|(first, rest)| ExprKind::Chain {
            first: Box::new(first),
            rest,
        })
    })
}

fn tree() -> impl Strategy<Value = Expr> {
    leaf().prop_recursive(5, 40, 4, |inner| {
        let call = (name(), proptest::collection::vec(inner.clone(), 0..4));
        prop_oneof![
            call.prop_filter("a node test", |(name, _)| {
                let reserved = ["node", "text", "comment"];
                name.prefix.is_some() || !reserved.contains(&name.local.as_str())
            })
            .prop_map(|(name, args)| ExprKind::Call { name, args }),
            path(inner.clone()).prop_map(ExprKind::Path),
            inner.clone().prop_map(|of| ExprKind::Negate(Box::new(of))),
            chain(inner),
        ]
        .prop_map(expr)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_printed_tree_reads_back_as_the_same_tree(tree in tree()) {
        let text = tree.to_string();
        match parse(&text) {
            Ok(read) => prop_assert_eq!(read, tree, "{}", text),
            // The trees are at most six levels of nodes high, but brackets count too; long texts are refused.
            Err(error) => prop_assert!(
                error.fault == SyntaxFault::TooLong && text.len() > 4096,
                "{}: {} of at most {}", text, error, MAX_DEPTH
            ),
        }
    }

    #[test]
    fn any_text_is_read_or_refused_within_its_own_bounds(text in "[a-z0-9 ()\\[\\]/|@.,:$'\"*=<>!{}+-]{0,60}") {
        match parse(&text) {
            Ok(expr) => {
                prop_assert!(expr.span.end <= text.len());
                prop_assert_eq!(parse(&expr.to_string()), Ok(expr));
            }
            Err(error) => prop_assert!(error.span.start <= error.span.end && error.span.end <= text.len()),
        }
    }
}
