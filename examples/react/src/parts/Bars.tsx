interface Bar {
  label: string;
  /** Drawn from below, one upon the other. */
  parts: number[];
}

interface Props {
  title: string;
  /** What the parts of a bar are. */
  legend: string[];
  bars: Bar[];
}

/** Of the drawing; the page decides how large it is shown. */
const WIDTH = 720;
const HEIGHT = 200;
const GAP = 0.25;

/** A chart of bars, and the same as a table for those who do not see it. */
export function Bars({ title, legend, bars }: Props) {
  const most = Math.max(1, ...bars.map(({ parts }) => sum(parts)));
  const step = WIDTH / Math.max(1, bars.length);
  return (
    <figure className="chart">
      <figcaption>
        {title}
        {legend.map((name, index) => (
          <span key={name} className={`legend part-${index}`}>
            {name}
          </span>
        ))}
        <small>most: {most}</small>
      </figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        {bars.map(({ label, parts }, place) => (
          <g key={label}>
            <title>{`${label}: ${parts.join(", ")}`}</title>
            {parts.map((value, index) => (
              <rect
                key={legend[index]}
                className={`part-${index}`}
                x={(place + GAP / 2) * step}
                width={step * (1 - GAP)}
                y={HEIGHT * (1 - sum(parts.slice(0, index + 1)) / most)}
                height={(HEIGHT * value) / most}
              />
            ))}
          </g>
        ))}
      </svg>
      <div className="span">
        <small>{bars.at(0)?.label}</small>
        <small>{bars.at(-1)?.label}</small>
      </div>
      <table className="unseen">
        <caption>{title}</caption>
        <thead>
          <tr>
            <th>Day</th>
            {legend.map((name) => (
              <th key={name}>{name}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {bars.map(({ label, parts }) => (
            <tr key={label}>
              <th>{label}</th>
              {parts.map((value, index) => (
                <td key={legend[index]}>{value}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  );
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
