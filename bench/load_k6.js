// k6 as a user would take it for this: so many requests a second, whatever becomes of them.
import http from "k6/http";

export const options = {
  scenarios: {
    load: {
      executor: "constant-arrival-rate",
      rate: Number(__ENV.RATE),
      timeUnit: "1s",
      duration: `${__ENV.SECONDS}s`,
      preAllocatedVUs: Number(__ENV.VUS),
      maxVUs: Number(__ENV.MOST_VUS),
      gracefulStop: "10s",
    },
  },
  summaryTrendStats: ["p(95)"],
};

export default function () {
  http.get(__ENV.URL);
}

// Exact numbers, to a file.
export function handleSummary(data) {
  return { [__ENV.SUMMARY]: JSON.stringify(data.metrics) };
}
