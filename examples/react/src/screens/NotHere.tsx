import { Link } from "react-router";

export function NotHere() {
  return (
    <section className="card">
      <h1>There is nothing here</h1>
      <p>It may have been deleted, or it is not yours to see.</p>
      <Link to="/">All clients</Link>
    </section>
  );
}
