/** @file The settings as fields: the two that matter most, or every one. */
import type { SpinSettings } from "../../studio/api.ts";
import { Choice } from "../parts/choice.tsx";
import {
  EMA_ON,
  fieldOf,
  LOSSES,
  numberIn,
  SAFEGUARD_ON,
  SAMPLERS,
  plainNumber,
  samplerOf,
  STORED,
  storedAsOf,
  trainedBy,
  TRAINED,
  type NumberKey,
} from "../settings.ts";
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

const GROUPS: readonly { readonly title: string; readonly keys: readonly NumberKey[] }[] = [
  { title: "Training", keys: ["steps", "learningRate", "warmupSteps", "beta", "pairsPerStep", "captionDropout"] },
  { title: "Opponent", keys: ["opponentSteps", "guidance", "usedPairs"] },
  { title: "Care", keys: ["safeguard", "probeEvery"] },
  { title: "Weights", keys: ["rank", "emaDecay", "seed"] },
];

/** Numbers that a switch turns off: what they are where it is turned on. */
const WHERE_ON: { readonly [K in NumberKey]?: number } = { safeguard: SAFEGUARD_ON, emaDecay: EMA_ON };

export function AdvancedFields({ settings, preset }: FieldsProps) {
  const round = useStudio((state) => state.round);
  const lora = settings.train === "lora";
  const shown = (key: NumberKey): boolean =>
    (key !== "rank" || lora) && (!(key in WHERE_ON) || numberIn(settings, key) > 0);
  return (
    <>
      {GROUPS.map(({ title, keys }) => (
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
            {title === "Opponent" ? <Sampler settings={settings} /> : null}
            {title === "Training" ? <Loss settings={settings} /> : null}
          </div>
          {title === "Training" ? <RateCurve settings={settings} /> : null}
        </fieldset>
      ))}
    </>
  );
}

function Loss({ settings }: { readonly settings: SpinSettings }) {
  const actions = useActions();
  return (
    <>
      <Select
        id="loss"
        label="Loss"
        help="the paper’s is logistic"
        options={LOSSES}
        value={settings.loss}
        onChange={(loss) => actions.setSetting({ loss })}
      />
      <Switch
        id="independent-noise"
        label="Independent noise"
        help="the opponent’s picture gets noise and a timestep of its own; the paper’s pairs share them"
        on={settings.independentNoise}
        onChange={(independentNoise) => actions.setSetting({ independentNoise })}
      />
    </>
  );
}

function Sampler({ settings }: { readonly settings: SpinSettings }) {
  const actions = useActions();
  return (
    <Select
      id="sampler"
      label="Sampler"
      help="how the opponent draws; the paper’s is DDIM"
      options={SAMPLERS}
      value={samplerOf(settings)}
      onChange={(sampler) => actions.setSetting({ sampler })}
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
      help="float16 is half of float32, and a run that is interrupted goes on from rounded weights: close, not bit by bit"
      options={STORED}
      value={storedAsOf(settings)}
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
      options={TRAINED}
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
