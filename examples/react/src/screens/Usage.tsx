import { useQuery } from "@apollo/client/react";
import { useState } from "react";
import { graphql } from "../gql";
import type { TotalPartsFragment } from "../gql/graphql";
import { Bars } from "../parts/Bars";
import { Field } from "../parts/Field";
import { Waiting } from "../parts/Waiting";
import { useClient } from "./Client";

export const TOTAL_PARTS = graphql(`
  fragment TotalParts on Totals {
    requests successes failures conversations uniqueVisitors satisfaction unanswered
    firstTokenP50Ms answerP95Ms
    cost { micros currency }
  }
`);
const REPORT = graphql(`
  query Report($clientId: ID!, $period: PeriodInput!, $granularity: Granularity!) {
    clientReport(clientId: $clientId, period: $period, granularity: $granularity) {
      totals { ...TotalParts }
      previous { ...TotalParts }
      series { date totals { successes failures } }
      byChatbot { name totals { requests successes } }
      byLlm { name totals { requests cost { micros currency } } }
      topQuestions { question count }
      unansweredQuestions { question count }
    }
  }
`);

/** How many days back, and what a bar stands for. */
const PERIODS = {
  "7": { words: "7 days", granularity: "DAY" },
  "30": { words: "30 days", granularity: "DAY" },
  "90": { words: "90 days", granularity: "WEEK" },
} as const;
type Period = keyof typeof PERIODS;
const DAY_MS = 86_400_000;

/** What a client's chatbots were used for. */
export function Usage() {
  const { id, timeZone } = useClient();
  const day = (offset: number) => dayIn(timeZone, offset);
  const [days, setDays] = useState<Period>("30");
  const variables = {
    clientId: id,
    period: { from: day(1 - Number(days)), until: day(1) },
    granularity: PERIODS[days].granularity,
  };
  const { data, error, previousData } = useQuery(REPORT, {
    variables,
    fetchPolicy: "cache-and-network",
  });
  const report = (data ?? previousData)?.clientReport;
  if (!report) return <Waiting error={error} />;
  const { totals, previous, series } = report;
  return (
    <>
      <div className="narrow-field">
        <Field label="Of the last">
          <select value={days} onChange={(event) => setDays(event.target.value as Period)}>
            {Object.entries(PERIODS).map(([value, { words }]) => (
              <option key={value} value={value}>
                {words}
              </option>
            ))}
          </select>
        </Field>
      </div>
      <Figures totals={totals} previous={previous} />
      <section className="card">
        <Bars
          title="Questions"
          legend={["answered", "refused or failed"]}
          bars={series.map((point) => ({
            label: point.date,
            parts: [point.totals.successes, point.totals.failures],
          }))}
        />
      </section>
      <div className="beside even">
        <Ranking
          title="By chatbot"
          rows={report.byChatbot.map((one) => [one.name, one.totals.requests])}
        />
        <Ranking
          title="By language model"
          rows={report.byLlm.map((one) => [one.name, one.totals.requests])}
        />
        <Ranking
          title="Most asked"
          rows={report.topQuestions.map((one) => [one.question, one.count])}
        />
        <Ranking
          title="Unanswered"
          rows={report.unansweredQuestions.map((one) => [one.question, one.count])}
        />
      </div>
    </>
  );
}

/** A day by the client's clock, counted from today, such as 2026-11-22. */
function dayIn(timeZone: string, offset: number): string {
  const parts = { timeZone, year: "numeric", month: "2-digit", day: "2-digit" } as const;
  return new Intl.DateTimeFormat("sv-SE", parts).format(Date.now() + offset * DAY_MS);
}

interface FiguresProps {
  totals: TotalPartsFragment;
  previous: TotalPartsFragment;
}

function Figures({ totals, previous }: FiguresProps) {
  const { cost, satisfaction, firstTokenP50Ms } = totals;
  return (
    <dl className="figures">
      <Figure name="Questions" value={totals.requests} before={previous.requests} />
      <Figure name="Conversations" value={totals.conversations} before={previous.conversations} />
      <Figure name="Visitors" value={totals.uniqueVisitors} before={previous.uniqueVisitors} />
      <Figure name="Unanswered" value={totals.unanswered} before={previous.unanswered} />
      <Figure
        name="Satisfied"
        value={satisfaction === null ? "–" : `${Math.round(satisfaction * 100)} %`}
      />
      <Figure
        name="First word after"
        value={firstTokenP50Ms === null ? "–" : `${firstTokenP50Ms} ms`}
      />
      <Figure name="Cost" value={money(cost)} />
    </dl>
  );
}

interface FigureProps {
  name: string;
  value: number | string;
  /** In the period before, of the same length. */
  before?: number;
}

function Figure({ name, value, before }: FigureProps) {
  return (
    <div className="card figure">
      <dt>{name}</dt>
      <dd>{value}</dd>
      {before !== undefined && <dd className="before">before: {before}</dd>}
    </div>
  );
}

function money({ micros, currency }: TotalPartsFragment["cost"]): string {
  return new Intl.NumberFormat(undefined, { style: "currency", currency }).format(micros / 1e6);
}

function Ranking({ title, rows }: { title: string; rows: [name: string, count: number][] }) {
  return (
    <section className="card" aria-label={title}>
      <h2>{title}</h2>
      {rows.length === 0 && <p className="waiting">Nothing in this time.</p>}
      <ol className="ranking">
        {rows.map(([name, count]) => (
          <li key={name}>
            <span>{name}</span>
            <b>{count}</b>
          </li>
        ))}
      </ol>
    </section>
  );
}
