/** @file The composition root: the only place that knows both the page and the engine behind it. */
import { createRoot } from "react-dom/client";

const root = document.getElementById("root");
if (root) createRoot(root).render(<h1>SPIN Studio</h1>);
