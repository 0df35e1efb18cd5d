//! The switch: what is planted in this process, or in this thread alone.
//!
//! Invariant: what a thread planted for itself goes before what the process has; other threads never see it.

#[cfg(feature = "sabotage")]
mod there {
    use core::cell::Cell;
    use core::sync::atomic::{AtomicU8, AtomicU64, Ordering};

    use crate::Defect;

    /// Number of the defect in the process; 0: none.
    static EVERYWHERE: AtomicU8 = AtomicU8::new(0);
    /// How often chance was asked for.
    static ASKED: AtomicU64 = AtomicU64::new(0);

    thread_local! {
        /// Number of the defect of this thread; `None`: as everywhere.
        static HERE: Cell<Option<u8>> = const { Cell::new(None) };
    }

    /// Plants a defect in this whole process, in place of the one before; `None` heals.
    pub fn plant(defect: Option<Defect>) {
        EVERYWHERE.store(defect.map_or(0, number), Ordering::SeqCst);
    }

    /// Plants a defect for this thread alone, in place of the one before; `None` heals it, whatever the process has.
    pub fn plant_here(defect: Option<Defect>) {
        HERE.set(Some(defect.map_or(0, number)));
    }

    /// The defect that is planted for whoever asks.
    pub fn planted() -> Option<Defect> {
        Defect::all().find(|defect| on(*defect))
    }

    /// Whether this defect is planted.
    pub fn on(defect: Defect) -> bool {
        HERE.get().unwrap_or_else(|| EVERYWHERE.load(Ordering::Relaxed)) == number(defect)
    }

    /// Another number each time in this process, for a defect that lets chance in.
    pub fn chance() -> u32 {
        u32::try_from(ASKED.fetch_add(1, Ordering::Relaxed) % 1_000).unwrap_or(0)
    }

    const fn number(defect: Defect) -> u8 {
        defect as u8 + 1
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn what_a_thread_plants_for_itself_no_other_sees() {
            plant_here(Some(Defect::DedupSkipped));
            assert!(on(Defect::DedupSkipped) && !on(Defect::GuardAdded));
            assert_eq!(planted(), Some(Defect::DedupSkipped));
            let other = std::thread::spawn(|| {
                let before = planted();
                plant(Some(Defect::GuardAdded));
                (before, planted())
            });
            assert_eq!(other.join().expect("it does not panic"), (None, Some(Defect::GuardAdded)));
            plant_here(None);
            assert_eq!(planted(), None, "this thread is healed, whatever the process has");
        }
    }
}

#[cfg(not(feature = "sabotage"))]
mod there {
    use crate::Defect;

    /// Whether this defect is planted: never, in a build without the switches.
    pub const fn on(_: Defect) -> bool {
        false
    }

    /// No chance, in a build without the switches.
    pub const fn chance() -> u32 {
        0
    }
}

pub use there::*;
