//! Connections of networks on which one is in one room at a time. Such a connection hears that room, and all rooms of two of its
//! person; it is told of who comes and goes in that room only, and of what becomes of all rooms of its person.

use super::{Live, Manner, Place, SeatId};
use crate::store::{Room, RoomId, UserId};
use crate::world::NetworkId;

/// Where such a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::world) struct Spot {
    /// What it hears.
    pub(in crate::world) room: RoomId,
    /// The room whose members it is among: the same, or a stream's circle.
    pub(in crate::world) hall: RoomId,
}

impl Spot {
    pub(in crate::world) fn of(room: &Room) -> Self {
        Self {
            room: room.id,
            hall: room.parent.unwrap_or(room.id),
        }
    }
}

impl Live {
    /// Somebody's connections on a network are in this room from now on, or in none.
    pub(super) fn put_all(&mut self, network: NetworkId, user: UserId, spot: Option<Spot>) {
        for seat in self.seats_of(user, network) {
            self.put(seat, spot);
        }
    }

    /// A connection is in this room from now on, or in none.
    pub(super) fn put(&mut self, seat: SeatId, spot: Option<Spot>) {
        self.displace(seat);
        let Some(spot) = spot else {
            return;
        };
        let Some(sitting) = self.seats.get_mut(&seat) else {
            return;
        };
        let Manner::Placed(now) = &mut sitting.manner else {
            return;
        };
        *now = Some(spot);
        self.place(seat, spot.hall, |place| place.attends = true);
        self.place(seat, spot.room, |place| {
            place.hears = true;
            // Whoever comes in is shown what was said before.
            place.since = 1;
        });
    }

    /// A connection is in no room any more.
    fn displace(&mut self, seat: SeatId) {
        let Some(sitting) = self.seats.get_mut(&seat) else {
            return;
        };
        let Manner::Placed(now) = &mut sitting.manner else {
            return;
        };
        let (Some(spot), network) = (now.take(), sitting.network) else {
            return;
        };
        for room in [spot.room, spot.hall] {
            let places = self.rooms.get_mut(&room);
            let Some(place) = places.and_then(|places| places.get_mut(&(network, seat))) else {
                continue;
            };
            place.attends = false;
            if room == spot.room {
                place.hears = false;
            }
            if is_idle(place) {
                self.take_place(seat, room);
            }
        }
    }

    /// A room is about to be taken from a connection, which may be in it.
    pub(super) fn displace_from(&mut self, seat: SeatId, room: RoomId) {
        if self.spot(seat).is_some_and(|spot| spot.room == room) {
            self.displace(seat);
        }
    }

    fn spot(&self, seat: SeatId) -> Option<Spot> {
        match self.seats.get(&seat)?.manner {
            Manner::Placed(spot) => spot,
            Manner::All | Manner::Chosen => None,
        }
    }

    #[cfg(test)]
    pub(super) fn whereabouts(&self, network: NetworkId, user: UserId) -> Option<RoomId> {
        let mut seats = self.seats_of(user, network).into_iter();
        seats.find_map(|seat| self.spot(seat)).map(|spot| spot.room)
    }
}

/// Whether nothing is left for which a place is there.
fn is_idle(place: &Place) -> bool {
    place.role.is_none() && !place.hears && !place.attends
}
