//! Any sequence of acts: exactly the newest, unexpired, unused link succeeds (PR-3).

use proptest::prelude::*;
use vestibule_checkword::Rotation;

use super::*;

#[derive(Debug, Clone)]
enum Act {
    Ask { holder: u64 },
    Redeem(prop::sample::Index),
    Rotate { holder: u64 },
    Wait { minutes: u32 },
}

fn any_act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (0..2u64).prop_map(|holder| Act::Ask { holder }),
        3 => any::<prop::sample::Index>().prop_map(Act::Redeem),
        1 => (0..2u64).prop_map(|holder| Act::Rotate { holder }),
        4 => (0..50u32).prop_map(|minutes| Act::Wait { minutes }),
    ]
}

/// A link that was made, and what the model knows of it.
struct Made {
    link: String,
    holder: u64,
    until: Timestamp,
    over: bool,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn a_link_is_live_exactly_while_it_should_be(acts in prop::collection::vec(any_act(), 1..60)) {
        let node = node(&MemoryStore::in_memory());
        let (mut made, mut now) = (Vec::<Made>::new(), NOW);
        for act in acts {
            match act {
                Act::Ask { holder } => {
                    let wanted = CheckwordRequest::new(SubjectId::from(holder), RECOVERY);
                    if let Some((link, again)) = ask(&node, &wanted, now) {
                        let known = made.iter().any(|one| one.link == link && !one.over);
                        prop_assert_eq!(again, known);
                        if !again {
                            made.iter_mut().filter(|one| one.holder == holder).for_each(|one| one.over = true);
                            made.push(Made { link, holder, until: now.plus(MINUTE * 60), over: false });
                        }
                    }
                }
                Act::Redeem(which) if !made.is_empty() => {
                    let at = which.index(made.len());
                    let one = &mut made[at];
                    let live = !one.over && one.until.is_after(now);
                    prop_assert_eq!(redeemed(&node, &one.link, now).is_ok(), live);
                    one.over |= live;
                }
                Act::Redeem(_) => {}
                Act::Rotate { holder } => {
                    let holds = SubjectId::from(holder);
                    block_on(node.rotate(holds, &[RECOVERY], Rotation::Withdrawn, now)).unwrap();
                    made.iter_mut().filter(|one| one.holder == holder).for_each(|one| one.over = true);
                }
                Act::Wait { minutes } => now = now.plus(MINUTE * minutes),
            }
            for one in &made {
                let live = !one.over && one.until.is_after(now);
                prop_assert_eq!(inspected(&node, &one.link, now).is_ok(), live);
            }
        }
    }
}
