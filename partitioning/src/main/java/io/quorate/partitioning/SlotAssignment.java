package io.quorate.partitioning;

import static io.quorate.partitioning.CellPlacement.NONE;

import java.util.Arrays;
import java.util.BitSet;

/**
 * Turns a table with vacancies and shifted quotas into an even one, moving as little as possible.
 *
 * <p>In this order: owners that crowd a zone beyond what spreading allows are taken out; vacancies
 * are filled with members below their quota; copies of members above theirs go to members below.
 * Each of these steps moves a copy from a member that must lose one to a member that must gain one,
 * so none is a surplus move. Where a vacancy fits nobody below quota, one exchange with another
 * slot makes room. Last, the first owners are evened out by reordering the owners of a slot, which
 * moves no copy.
 *
 * <p>Choices that the quotas leave open are made by a pseudo-random sequence with a fixed seed, so
 * that a node's slots are shared with many others; the result is a function of the input.
 */
final class SlotAssignment {
  private static final long SEQUENCE_SEED = 0x51_0757_AB1EL;
  private static final int DRAWS = 16;

  private final int slots;
  private final int replicas;
  private final int[] zones;
  private final char[] table;
  private final int[] held;
  private final SlotQuotas quotas;
  /** Places whose owner has changed: to change it again moves nothing more. */
  private final BitSet fresh = new BitSet();

  /** Members below their quota, one entry per copy that they lack; entries may be out of date. */
  private int[] deck = {};
  private int deckSize;
  private long drawn;

  SlotAssignment(Membership<?> membership, int replicas, char[] table) {
    this.slots = table.length / replicas;
    this.replicas = replicas;
    this.zones = membership.zones;
    this.table = table;
    this.held = new int[membership.size()];
    int[] heldFirst = new int[membership.size()];
    for (int i = 0; i < table.length; i++) {
      if (table[i] != NONE) {
        held[table[i]]++;
        heldFirst[table[i]] += i % replicas == 0 ? 1 : 0;
      }
    }
    this.quotas = new SlotQuotas(membership, slots, replicas, held, heldFirst);
  }

  char[] solve() {
    vacateCrowded();
    shuffleDeck();
    fillVacancies(true);
    fillVacancies(false);
    shedSurplus();
    makeRoom();
    if (replicas > 1) {
      new PrimaryBalance(table, replicas, quotas.primaries).run();
    }
    return table;
  }

  private void vacateCrowded() {
    for (int slot = 0; slot < slots; slot++) {
      while (true) {
        int crowded = crowded(slot);
        if (crowded < 0) {
          break;
        }
        held[table[crowded]]--;
        table[crowded] = NONE;
      }
    }
  }

  /** A place to vacate for the zones' sake, that of the member with the largest surplus, or -1. */
  private int crowded(int slot) {
    int from = slot * replicas;
    int full = 0;
    int worst = -1;
    for (int i = from; i < from + replicas; i++) {
      if (table[i] == NONE) {
        continue;
      }
      int count = inZone(from, zones[table[i]], -1);
      full += count == quotas.level ? 1 : 0;
      if (count >= quotas.level
          && (worst < 0 || surplus(table[i]) > surplus(table[worst]))) {
        worst = i;
      }
      if (count > quotas.level) {
        return i;
      }
    }
    return full / quotas.level > quotas.extras ? worst : -1;
  }

  private int surplus(int member) {
    return held[member] - quotas.copies[member];
  }

  private void shuffleDeck() {
    int size = 0;
    for (int member = 0; member < held.length; member++) {
      size += Math.max(0, -surplus(member));
    }
    deck = new int[size];
    for (int member = 0; member < held.length; member++) {
      for (int i = surplus(member); i < 0; i++) {
        deck[deckSize++] = member;
      }
    }
  }

  /** Those first that only certain zones can fill. */
  private void fillVacancies(boolean onlyForced) {
    for (int slot = 0; slot < slots; slot++) {
      for (int i = slot * replicas; i < (slot + 1) * replicas; i++) {
        if (table[i] == NONE && (!onlyForced || fullZones(slot * replicas, i) == quotas.extras)) {
          int member = draw(slot, i);
          if (member >= 0) {
            put(i, member);
          }
        }
      }
    }
  }

  /** Visits the slots in a scattered order, so that what a new member gains lies scattered. */
  private void shedSurplus() {
    int stride = 0x9E3779B1 & slots - 1 | 1;
    for (int step = 0; step < slots && deckSize > 0; step++) {
      int slot = step * stride & slots - 1;
      for (int i = slot * replicas; i < (slot + 1) * replicas; i++) {
        if (table[i] != NONE && surplus(table[i]) > 0) {
          int member = draw(slot, i);
          if (member >= 0) {
            put(i, member);
          }
        }
      }
    }
  }

  private void put(int place, int member) {
    if (table[place] != NONE) {
      held[table[place]]--;
    }
    table[place] = (char) member;
    held[member]++;
    fresh.set(place);
  }

  /** A member below its quota that fits a place, or -1. */
  private int draw(int slot, int place) {
    int last = -1;
    for (int tries = 0; tries < DRAWS && deckSize > 0; tries++) {
      int at = (int) HashRange.multiplyHighUnsigned(next(), deckSize);
      int member = deck[at];
      if (surplus(member) >= 0) {
        deck[at] = deck[--deckSize];
        tries--;
      } else if (member != last && fits(slot, place, member)) {
        deck[at] = deck[--deckSize];
        return member;
      }
      last = member;
    }
    if (deckSize == 0) {
      return -1;
    }
    for (int at = 0; at < deckSize; at++) {
      int member = deck[at];
      if (member != last && surplus(member) < 0 && fits(slot, place, member)) {
        deck[at] = deck[--deckSize];
        return member;
      }
      last = member;
    }
    return -1;
  }

  private long next() {
    return Xxh3.hash(drawn++, SEQUENCE_SEED);
  }

  /** Whether a member may take a place: it is not in the slot, and its zone has room there. */
  private boolean fits(int slot, int place, int member) {
    int from = slot * replicas;
    int sameZone = 0;
    for (int i = from; i < from + replicas; i++) {
      if (i != place && table[i] != NONE) {
        if (table[i] == member) {
          return false;
        }
        sameZone += zones[table[i]] == zones[member] ? 1 : 0;
      }
    }
    if (sameZone + 1 != quotas.level) {
      return sameZone + 1 < quotas.level;
    }
    return quotas.extras == replicas || fullZones(from, place) < quotas.extras;
  }

  /** How many zones have as many owners in a slot as any may have, one place not counted. */
  private int fullZones(int from, int except) {
    int full = 0;
    for (int i = from; i < from + replicas; i++) {
      if (i != except && table[i] != NONE
          && inZone(from, zones[table[i]], except) == quotas.level) {
        full++;
      }
    }
    return full / quotas.level;
  }

  private int inZone(int from, int zone, int except) {
    int count = 0;
    for (int i = from; i < from + replicas; i++) {
      count += i != except && table[i] != NONE && zones[table[i]] == zone ? 1 : 0;
    }
    return count;
  }

  /** Fills what is still vacant and sheds what is still surplus, by way of other slots. */
  private void makeRoom() {
    for (int place = 0; place < table.length; place++) {
      if (table[place] == NONE && !exchange(place)) {
        put(place, anyFitting(place));
      }
    }
    int attempts = 0;
    for (int place = 0; place < table.length && attempts < slots; place++) {
      if (surplus(table[place]) > 0 && lacking() >= 0) {
        attempts += exchange(place) ? 0 : 64;
      }
    }
  }

  private int lacking() {
    for (int member = 0; member < held.length; member++) {
      if (surplus(member) < 0) {
        return member;
      }
    }
    return -1;
  }

  /**
   * Gives the place to a member of another slot, and that one's place to a member below quota:
   * preferably a place that has changed already, else at the price of one surplus move.
   */
  private boolean exchange(int place) {
    return exchange(place, true) || exchange(place, false);
  }

  private boolean exchange(int place, boolean onlyFresh) {
    int slot = place / replicas;
    int start = (int) HashRange.multiplyHighUnsigned(next(), slots);
    for (int step = 0; step < slots; step++) {
      int other = start + step & slots - 1;
      for (int i = other * replicas; other != slot && i < (other + 1) * replicas; i++) {
        if (onlyFresh && !fresh.get(i) || table[i] == NONE || table[i] == table[place]
            || !fits(slot, place, table[i])) {
          continue;
        }
        for (int member = 0; member < held.length; member++) {
          if (surplus(member) < 0 && fits(other, i, member)) {
            int middle = table[i];
            put(i, member);
            put(place, middle);
            return true;
          }
        }
      }
    }
    return false;
  }

  /** The fitting member with the least surplus; if zones leave none, any that is not there. */
  private int anyFitting(int place) {
    int best = -1;
    for (int pass = 0; best < 0; pass++) {
      for (int member = 0; member < held.length; member++) {
        boolean allowed = pass == 0
            ? fits(place / replicas, place, member)
            : absent(place, member);
        if (quotas.copies[member] > 0 && allowed
            && (best < 0 || surplus(member) < surplus(best))) {
          best = member;
        }
      }
      if (pass > 1) {
        throw new AssertionError("no member for place " + place + " among "
            + Arrays.toString(quotas.copies));
      }
    }
    return best;
  }

  private boolean absent(int place, int member) {
    int from = place / replicas * replicas;
    for (int i = from; i < from + replicas; i++) {
      if (table[i] == member) {
        return false;
      }
    }
    return true;
  }
}
