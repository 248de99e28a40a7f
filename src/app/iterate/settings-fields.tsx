/** @file The settings as fields: the two that matter most, or every one. */
import type { SpinSettings } from "../../studio/api.ts";
import { Choice } from "../parts/choice.tsx";
import { EMA_ON, fieldOf, numberIn, SAFEGUARD_ON, plainNumber, trainedBy, type NumberKey } from "../settings.ts";
import { CHOICES, chosenIn, type ChoiceKey } from "../settings-choices.ts";
import { rateOf, STRENGTHS, strengthOf } from "../settings-words.ts";
import { useActions, useStudio } from "../state/context.tsx";
import { NumberInput } from "./number-input.tsx";
import { RateCurve } from "./rate-curve.tsx";
import { Select } from "./select.tsx";

export interface FieldsProps {
  readonly settings: SpinSettings;
  readonly preset: SpinSettings;
}

export function SimpleFields({ settings, preset }: FieldsProps) {
  const actions = useActions();
  const round = useStudio((state) => state.round);
  const strength = strengthOf(settings, preset);
  return (
    <div className="grid">
      <NumberInput key={`steps ${round}`} field={fieldOf.steps} value={settings.steps} preset={preset.steps} />
      <div className="setting">
        <span>Strength</span>
        <Choice
          label="Strength"
          options={STRENGTHS}
          value={strength?.value ?? "own"}
          onChange={(value) => {
            const chosen = STRENGTHS.find((each) => each.value === value);
            if (chosen !== undefined) actions.setSetting({ learningRate: rateOf(preset, chosen.times) });
          }}
        />
        <small>
          {strength?.words ?? "your own rate, set in Advanced"}; learning rate {plainNumber(settings.learningRate)}
        </small>
      </div>
    </div>
  );
}

interface Group {
  readonly title: string;
  readonly choices: readonly Exclude<ChoiceKey, "train" | "storedAs">[];
  readonly keys: readonly NumberKey[];
}

const GROUPS: readonly Group[] = [
  {
    title: "Training",
    choices: ["method", "loss", "weighting", "schedule"],
    keys: ["steps", "learningRate", "warmupSteps", "beta", "pairsPerStep", "captionDropout", "snrGamma"],
  },
  { title: "Opponent", choices: ["loser", "sampler"], keys: ["opponentSteps", "guidance", "eta", "usedPairs"] },
  { title: "Care", choices: [], keys: ["safeguard", "probeEvery"] },
  { title: "Weights", choices: [], keys: ["rank", "emaDecay", "seed"] },
];

/** What a choice leaves nothing to say to. */
function idle(key: NumberKey | ChoiceKey, settings: SpinSettings): boolean {
  const [method, loser] = [chosenIn(settings, "method"), chosenIn(settings, "loser")];
  if (method === "sft")
    return ["loss", "weighting", "beta", "loser", "sampler", "opponentSteps", "guidance", "eta"].includes(key);
  if (method === "dpo") return ["loser", "sampler", "opponentSteps", "guidance", "eta"].includes(key);
  if (key === "guidance" || key === "sampler") return loser !== "forward";
  if (key === "snrGamma") return loser === "exact";
  return key === "eta" && loser !== "exact";
}

/** Numbers that a switch turns off: what they are where it is turned on. */
const WHERE_ON: { readonly [K in NumberKey]?: number } = { safeguard: SAFEGUARD_ON, emaDecay: EMA_ON };

export function AdvancedFields({ settings, preset }: FieldsProps) {
  const round = useStudio((state) => state.round);
  const lora = settings.train === "lora";
  const shown = (key: NumberKey): boolean =>
    (key !== "rank" || lora) && !idle(key, settings) && (!(key in WHERE_ON) || numberIn(settings, key) > 0);
  return (
    <>
      {GROUPS.map(({ title, choices, keys }) => (
        <fieldset key={title}>
          <legend>{title}</legend>
          <div className="grid">
            {title === "Care" ? <Safeguard on={settings.safeguard > 0} /> : null}
            {title === "Weights" ? <Trains settings={settings} /> : null}
            {title === "Weights" ? <Average on={numberIn(settings, "emaDecay") > 0} /> : null}
            {keys.filter(shown).map((key) => (
              <NumberInput
                key={`${key} ${round}`}
                field={fieldOf[key]}
                value={numberIn(settings, key)}
                preset={numberIn(preset, key) || (WHERE_ON[key] ?? 0)}
              />
            ))}
            {title === "Weights" && !lora ? <Stored settings={settings} /> : null}
            {choices
              .filter((key) => !idle(key, settings))
              .map((key) => (
                <ChoiceOf key={key} of={key} settings={settings} />
              ))}
            {title === "Opponent" && chosenIn(settings, "method") !== "sft" ? <OwnNoise settings={settings} /> : null}
          </div>
          {title === "Training" ? <RateCurve settings={settings} /> : null}
        </fieldset>
      ))}
    </>
  );
}

function ChoiceOf<K extends Exclude<ChoiceKey, "train" | "storedAs">>({
  of: key,
  settings,
}: {
  readonly of: K;
  readonly settings: SpinSettings;
}) {
  const actions = useActions();
  const { label, help, options } = CHOICES[key];
  return (
    <Select
      id={key}
      label={label}
      help={help}
      options={options}
      value={chosenIn(settings, key)}
      onChange={(value) => actions.setSetting({ [key]: value })}
    />
  );
}

function OwnNoise({ settings }: { readonly settings: SpinSettings }) {
  const actions = useActions();
  return (
    <Switch
      id="independent-noise"
      label="Independent noise"
      help="the opponent’s picture gets noise and a timestep of its own; the paper’s pairs share them"
      on={settings.independentNoise}
      onChange={(independentNoise) => actions.setSetting({ independentNoise })}
    />
  );
}

function Safeguard({ on }: { readonly on: boolean }) {
  const actions = useActions();
  return (
    <Switch
      id="safeguard"
      label="Safeguard"
      help="scales the loser’s gradient down where it would raise the error on your pictures"
      on={on}
      onChange={(wanted) => actions.setSetting({ safeguard: wanted ? SAFEGUARD_ON : 0 })}
    />
  );
}

function Average({ on }: { readonly on: boolean }) {
  const actions = useActions();
  return (
    <Switch
      id="ema"
      label="Average of the weights (EMA)"
      help="what is kept, and starts the next iteration, is their moving average: steadier, and a little behind"
      on={on}
      onChange={(wanted) => actions.setSetting({ emaDecay: wanted ? EMA_ON : 0 })}
    />
  );
}

/** Only of a large model are checkpoints worth halving. */
function Stored({ settings }: { readonly settings: SpinSettings }) {
  const actions = useActions();
  const model = useStudio((state) => state.model);
  if (model?.large !== true) return null;
  return (
    <Select
      id="stored-as"
      label="Checkpoints"
      help={CHOICES.storedAs.help}
      options={CHOICES.storedAs.options}
      value={chosenIn(settings, "storedAs")}
      onChange={(storedAs) => actions.setSetting({ storedAs })}
    />
  );
}

function Trains({ settings }: { readonly settings: SpinSettings }) {
  const actions = useActions();
  const model = useStudio((state) => state.model);
  const can = model === null ? [settings.train] : trainedBy(model);
  return (
    <Select
      id="train"
      label="Trains"
      help={
        can.length > 1
          ? "a LoRA is a small file beside the weights; it wants a rate some twenty times as high"
          : can[0] === "lora"
            ? "this model is too large to train whole on a computer at home"
            : "this model is small enough to train whole"
      }
      options={CHOICES.train.options}
      can={can}
      value={settings.train}
      onChange={(train) => actions.setSetting({ train })}
    />
  );
}

interface SwitchProps {
  readonly id: string;
  readonly label: string;
  readonly help: string;
  readonly on: boolean;
  readonly onChange: (on: boolean) => void;
}

function Switch({ id, label, help, on, onChange }: SwitchProps) {
  return (
    <div className="setting">
      <label className="check" htmlFor={id}>
        <input
          id={id}
          type="checkbox"
          role="switch"
          aria-checked={on}
          checked={on}
          aria-describedby={`${id}-help`}
          onChange={(event) => onChange(event.target.checked)}
        />
        {label}
      </label>
      <small id={`${id}-help`}>{help}</small>
    </div>
  );
}
