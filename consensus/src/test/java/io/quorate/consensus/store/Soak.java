package io.quorate.consensus.store;

/** Runs seeds of {@link StoreCampaign} until told to stop: {@code Soak FIRST COUNT}. */
final class Soak {
  private Soak() {}

  public static void main(String[] arguments) {
    long first = Long.parseLong(arguments[0]);
    long count = Long.parseLong(arguments[1]);
    long operations = 0;
    for (long seed = first; seed < first + count; seed++) {
      try (StoreCampaign campaign = StoreCampaign.run(seed)) {
        operations += campaign.operations();
      }
      if ((seed - first + 1) % 100 == 0) {
        System.out.println((seed - first + 1) + " seeds, " + operations + " operations, no fault");
      }
    }
  }
}
