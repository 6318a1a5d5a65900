// Who is not signed in goes to the sign-in page; who is leaves it for the entry's home page.
// Not here: signing in (`signIn.ts`), what the session is (`session.ts`). Called by the root of both entries.

import { watch } from "vue";
import { useRoute, useRouter } from "vue-router";
import { provideSession } from "./session";
import { readReturn } from "./signIn";

/** Provides the session to the pages below and keeps the route in step with it. `home` names a route. */
export function guardedSession(home: string): ReturnType<typeof provideSession> {
  const route = useRoute();
  const router = useRouter();
  const provided = provideSession();
  const { session, user } = provided;

  watch(
    [() => session.value.value, () => route.name],
    ([status, name]) => {
      // Behind the lock screen the page stays where it is.
      if (!status || name === undefined || status.lock === "locked") return;
      const returning = readReturn(location.search).kind !== "none";
      // On a revoked device a page must not go on showing what it had loaded.
      const welcome = user.value !== null && !status.revoked;
      if (name === "sign-in") {
        if (welcome && !status.expired && !returning) void router.replace({ name: home });
      } else if (!welcome || returning) {
        void router.replace({ name: "sign-in" });
      }
    },
    { immediate: true },
  );
  return provided;
}
