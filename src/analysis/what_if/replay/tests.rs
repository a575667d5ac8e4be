//! The loop, once more: what is served when.

use proptest::prelude::*;

use super::*;

fn fixed(at: u64) -> Moment {
    Moment {
        at,
        ..Moment::default()
    }
}

fn job(ready: u64, begin: u64, parts: &[Part]) -> Job {
    let length: u64 = parts.iter().map(|part| part.nanos()).sum();
    Job {
        wakes: Wakes::From(Queue::Descriptors, fixed(ready)),
        begin,
        end: begin + length,
        before: 0,
        parts: parts.to_vec(),
    }
}

fn holds(ready: u64, begin: u64, length: u64) -> Job {
    job(ready, begin, &[Part::Holds(length)])
}

fn guilty(ready: u64, begin: u64, length: u64) -> Job {
    job(ready, begin, &[Part::Guilty(length)])
}

fn plan(jobs: &[Job]) -> Plan {
    Plan {
        jobs: jobs.to_vec(),
        streams: Vec::new(),
    }
}

fn begins(plan: &Plan, means: Means) -> Vec<u64> {
    let all = replay(plan, means).into_iter();
    all.map(|served| served.expect("all comes to pass").begin)
        .collect()
}

/// The first job took 200 and is guilty; meanwhile three became ready.
fn stalled() -> Plan {
    plan(&[
        guilty(0, 0, 200),
        holds(20, 200, 5),
        holds(50, 205, 5),
        holds(150, 210, 5),
    ])
}

#[test]
fn without_the_guilty_callback_everybody_is_served_when_he_is_ready() {
    assert_eq!(begins(&stalled(), Means::Pool), [0, 20, 50, 150]);
    assert_eq!(begins(&stalled(), Means::Waits), [0, 20, 50, 150]);
}

#[test]
fn in_slices_everybody_waits_for_what_comes_before_the_next_poll() {
    // The timers of a turn come before its poll: after a callback that a poll brought there are two slices at first.
    assert_eq!(begins(&stalled(), Means::Slices(30)), [0, 60, 65, 160]);
}

#[test]
fn a_second_stall_of_the_same_callback_is_changed_as_well() {
    let plan = plan(&[guilty(0, 0, 100), guilty(10, 100, 100), holds(20, 200, 5)]);
    assert_eq!(begins(&plan, Means::Pool), [0, 10, 20]);
    assert_eq!(begins(&plan, Means::Unchanged), [0, 100, 200]);
}

#[test]
fn the_pool_has_so_many_threads_and_no_more() {
    let mut jobs: Vec<Job> = (0..12)
        .map(|number| {
            let parts = [Part::Guilty(100), Part::Holds(1)];
            job(0, number * 101, &parts)
        })
        .collect();
    // What follows on the work of the twelfth, which has to wait for a thread.
    jobs.push(Job {
        wakes: Wakes::From(
            Queue::Calls,
            Moment {
                at: 12 * 101,
                after: Some((11, Point::End)),
                grid: None,
            },
        ),
        ..holds(0, 12 * 101, 1)
    });
    let served = begins(&plan(&jobs), Means::Pool);
    assert!(served[..12].iter().all(|begin| *begin == 0));
    assert_eq!(served[12], 202);
}

#[test]
fn what_follows_in_a_callback_on_what_is_guilty_waits_for_it_and_holds_the_loop_then() {
    let parts = [Part::Holds(10), Part::Guilty(100), Part::Holds(50)];
    let jobs = [
        job(0, 0, &parts),
        holds(5, 160, 1),
        holds(120, 161, 1),
        holds(155, 162, 1),
    ];
    assert_eq!(begins(&plan(&jobs), Means::Pool), [0, 10, 160, 161]);
    let follows = Job {
        wakes: Wakes::Follows,
        ..holds(0, 200, 5)
    };
    let jobs = [guilty(0, 0, 200), follows, holds(10, 205, 1)];
    assert_eq!(begins(&plan(&jobs), Means::Pool), [0, 200, 10]);
}

#[test]
fn what_a_callback_begins_at_once_is_waited_for_together_and_comes_one_after_the_other_in_slices() {
    for (one, other) in [(150, 200), (200, 150)] {
        let parts = [Part::Beside(one), Part::Handles(3), Part::Guilty(other)];
        let follows = Job {
            wakes: Wakes::Follows,
            ..holds(0, 353, 5)
        };
        let plan = plan(&[job(0, 0, &parts), follows, holds(1, 358, 1)]);
        let done = 200.max(other + 3);
        assert_eq!(begins(&plan, Means::Pool), [0, done, 3]);
        assert_eq!(begins(&plan, Means::Waits), [0, done, 3]);
        assert_eq!(begins(&plan, Means::Slices(100))[1], 354);
        assert_eq!(begins(&plan, Means::Unchanged), [0, 353, 358]);
    }
}

#[test]
fn what_a_callback_sets_moves_with_it_and_a_grid_stays() {
    let timer = |at, grid| Job {
        wakes: Wakes::From(
            Queue::Timers,
            Moment {
                at,
                after: Some((1, Point::End)),
                grid,
            },
        ),
        ..holds(0, at, 1)
    };
    let jobs = [
        guilty(0, 0, 200),
        holds(10, 200, 5),
        timer(305, None),
        timer(310, Some(100)),
    ];
    assert_eq!(begins(&plan(&jobs), Means::Pool), [0, 10, 115, 310]);
    let jobs = [
        guilty(0, 0, 20),
        job(10, 20, &[Part::Guilty(5)]),
        timer(125, None),
        timer(15, Some(7)),
    ];
    // It was due before it was set: the next one on its grid counts.
    assert_eq!(begins(&plan(&jobs), Means::Unchanged)[3], 29);
}

/// A loop that is held for 200 while three pieces come, which it reads at once.
fn read_at_once() -> Plan {
    let chunk = |at| Chunk {
        arrives: fixed(at),
        gate: None,
        job: 1,
    };
    let reads = Job {
        wakes: Wakes::Data,
        ..holds(0, 200, 5)
    };
    Plan {
        jobs: vec![guilty(0, 0, 200), reads, holds(60, 205, 1)],
        streams: vec![vec![chunk(50), chunk(100), chunk(150)]],
    }
}

#[test]
fn data_is_read_piece_by_piece_where_the_loop_has_time() {
    let plan = read_at_once();
    let served = replay(&plan, Means::Pool);
    let first = Served {
        ready: 50,
        begin: 50,
    };
    assert_eq!(served[1], Some(first));
    assert_eq!(begins(&plan, Means::Unchanged), [0, 200, 205]);
}

#[test]
fn a_part_of_the_data_takes_a_part_of_the_time_and_what_is_done_each_time_is_done_each_time() {
    let mut plan = read_at_once();
    plan.jobs[1].parts = vec![Part::Handles(30), Part::Holds(5)];
    // Read are the pieces of 50, of 100 and of 150: after each of them the other one is held for 15, and not for 35.
    plan.jobs[2] = holds(104, 235, 1);
    assert_eq!(begins(&plan, Means::Pool), [0, 50, 115]);
    assert_eq!(begins(&plan, Means::Unchanged), [0, 200, 235]);
}

/// Data for a job, which arrives whatever the loop does.
fn chunk(at: u64, job: usize) -> Chunk {
    Chunk {
        arrives: fixed(at),
        gate: None,
        job,
    }
}

#[test]
fn who_reads_no_more_until_a_thread_is_done_takes_all_that_has_come_then() {
    let reads = |begin| Job {
        wakes: Wakes::Data,
        ..guilty(0, begin, 100)
    };
    let plan = Plan {
        jobs: vec![reads(10), reads(110)],
        streams: vec![vec![chunk(10, 0), chunk(30, 1)]],
    };
    let served = replay(&plan, Means::Pool);
    // It waits for its task until then, and not for the loop.
    let after = Served {
        ready: 110,
        begin: 110,
    };
    assert_eq!(served[1], Some(after));
    let held = replay(&plan, Means::Unchanged);
    assert_eq!(
        held[1],
        Some(Served {
            ready: 30,
            begin: 110
        })
    );
}

#[test]
fn nobody_reads_before_the_connection_stands() {
    let chunk = Chunk {
        arrives: fixed(5),
        gate: Some(0),
        job: 1,
    };
    let reads = Job {
        wakes: Wakes::Data,
        ..holds(0, 60, 1)
    };
    let plan = Plan {
        jobs: vec![holds(40, 40, 20), reads],
        streams: vec![vec![chunk]],
    };
    let served = replay(&plan, Means::Pool)[1];
    assert_eq!(
        served,
        Some(Served {
            ready: 60,
            begin: 60
        })
    );
}

#[test]
fn data_that_was_read_meanwhile_keeps_its_place_in_the_list_of_the_system() {
    let reads = |begin| Job {
        wakes: Wakes::Data,
        ..holds(0, begin, 5)
    };
    let other = holds(160, 210, 5);
    let plan = Plan {
        jobs: vec![
            holds(0, 0, 100),
            holds(20, 100, 100),
            reads(200),
            reads(205),
            other,
        ],
        // The piece of 150 is read with that of 30, and the other one that is ready comes after it.
        streams: vec![vec![chunk(30, 2), chunk(150, 2), chunk(203, 3)]],
    };
    assert_eq!(begins(&plan, Means::Unchanged), [0, 100, 200, 205, 210]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn without_a_change_a_loop_in_the_order_of_readiness_does_what_it_did(
        parts in prop::collection::vec((0_u64..50, 0_u64..5, 0_u64..40, any::<bool>()), 1..40),
    ) {
        let (mut ready, mut free) = (0, 0);
        let mut jobs = Vec::new();
        for (gap, before, length, is_guilty) in parts {
            ready += gap;
            let begin = free.max(ready) + before;
            let part = if is_guilty { Part::Guilty(length) } else { Part::Holds(length) };
            jobs.push(Job { before, ..job(ready, begin, &[part]) });
            free = begin + length;
        }
        let recorded: Vec<_> = jobs.iter().map(|job| job.begin).collect();
        prop_assert_eq!(begins(&plan(&jobs), Means::Unchanged), recorded.clone());
        // Nor does it in slices that nothing is longer than.
        prop_assert_eq!(begins(&plan(&jobs), Means::Slices(40)), recorded);
    }

    #[test]
    fn to_take_the_guilty_callback_away_never_makes_the_first_wait_longer(
        length in 1_u64..200,
        ready in 0_u64..200,
        slice in 1_u64..50,
    ) {
        let ready = ready.min(length);
        let plan = plan(&[guilty(0, 0, length), holds(ready, length, 1)]);
        prop_assert_eq!(begins(&plan, Means::Pool)[1], ready);
        let sliced = begins(&plan, Means::Slices(slice))[1];
        prop_assert!(ready <= sliced && sliced <= length && sliced <= ready + 2 * slice);
    }
}
