/** @file Two pictures in one frame: opponent left, player right; a divider, side by side, a mix, or what differs. Loaded with its screen. */
import { useEffect, useMemo, useRef, type KeyboardEvent, type ReactNode } from "react";
import { useReactCompareSlider } from "react-compare-slider/hooks";
import { HandleRoot, Item, Provider, Root } from "react-compare-slider/components";
import { differenceOf } from "../difference.ts";
import { useWorkbench } from "../state/context.tsx";
import { FIT, isHard, offsetOf, type View } from "../zoom.ts";
import { Side, type SideName } from "./mark.tsx";
import { PictureView, PixelsView } from "./picture.tsx";

export interface Shown {
  readonly picture: string | undefined;
  readonly name: string;
  readonly side: SideName;
}

export type TwoUpMode = "slider" | "beside" | "fade" | "difference";

export interface TwoUpProps {
  readonly left: Shown;
  readonly right: Shown;
  readonly prompt: string;
  readonly mode?: TwoUpMode;
  /** they play against each other, and are called so beside their names */
  readonly versus?: boolean;
  /** Moves the divider from outside: a new object each time, percent of the width. */
  readonly jump?: { readonly to: number } | null;
  /** how much of the right picture is seen in a fade, percent */
  readonly mix?: number;
  /** of both pictures; Fit where absent */
  readonly view?: View;
  /** a drag moves the pictures, so only the handle moves the divider */
  readonly movable?: boolean;
}

/** Page is 10, Home and End are all left and all right; the arrows' 2 is the library's own. */
const KEYS: { readonly [key: string]: (at: number) => number } = {
  PageDown: (at) => at - 10,
  PageUp: (at) => at + 10,
  Home: () => 0,
  End: () => 100,
};

export function TwoUp(props: TwoUpProps) {
  switch (props.mode ?? "slider") {
    case "slider":
      return <Slider {...props} />;
    case "beside":
      return <Beside {...props} />;
    case "fade":
      return <Fade {...props} />;
    case "difference":
      return <Apart {...props} />;
  }
}

function Slider({ left, right, prompt, versus = false, jump = null, view = FIT, movable = false }: TwoUpProps) {
  const slider = useReactCompareSlider({ keyboardIncrement: "2%", transition: "none", onlyHandleDraggable: movable });
  const move = useRef(slider.setPosition);
  useEffect(() => {
    if (jump !== null) move.current(jump.to);
  }, [jump]);
  const onKeyDown = (event: KeyboardEvent): void => {
    // arrows belong to the divider here, not to the screen around it
    if (event.key.startsWith("Arrow")) event.stopPropagation();
    const to = KEYS[event.key];
    if (to === undefined) return;
    event.preventDefault();
    slider.setPosition(to(slider.position.current));
  };
  return (
    <div className="twoup">
      <Provider {...slider}>
        <Root>
          <Item item="itemOne">
            <Pane shown={left} prompt={prompt} view={view} versus={versus} />
          </Item>
          <Item item="itemTwo">
            <Pane shown={right} prompt={prompt} view={view} versus={versus} />
          </Item>
          <HandleRoot
            aria-label={
              versus
                ? "Divider between opponent on the left and player on the right"
                : `Divider between ${left.name} on the left and ${right.name} on the right`
            }
            onKeyDown={onKeyDown}
          >
            <div className="handle">
              <svg viewBox="0 0 36 36" aria-hidden="true">
                <circle className="plate" cx="18" cy="18" r="17" />
                <path className="was" d="M16 8.2a10 10 0 0 0 0 19.6Z" />
                <path className="is" d="M20 7.2a11 11 0 0 1 0 21.6Z" />
              </svg>
            </div>
          </HandleRoot>
        </Root>
      </Provider>
      <Tag shown={left} at="left" />
      <Tag shown={right} at="right" />
    </div>
  );
}

function Beside({ left, right, prompt, view = FIT }: TwoUpProps) {
  return (
    <div className="twoup beside">
      {[left, right].map((shown, at) => (
        <figure key={at === 0 ? "left" : "right"}>
          <Pane shown={shown} prompt={prompt} view={view} />
          <Tag shown={shown} at={at === 0 ? "left" : "right"} />
        </figure>
      ))}
    </div>
  );
}

function Fade({ left, right, prompt, mix = 50, view = FIT }: TwoUpProps) {
  return (
    <div className="twoup over">
      <Pane shown={left} prompt={prompt} view={view} />
      <div className="upper" style={{ opacity: mix / 100 }}>
        <Pane shown={right} prompt={prompt} view={view} />
      </div>
      <Tag shown={left} at="left" />
      <Tag shown={right} at="right" />
    </div>
  );
}

function Apart({ left, right, prompt, view = FIT }: TwoUpProps) {
  const { pictures } = useWorkbench();
  const apart = useMemo(() => {
    const [a, b] = [left.picture, right.picture].map((id) => (id === undefined ? undefined : pictures.get(id)));
    return a === undefined || b === undefined || a.side !== b.side ? null : differenceOf(a, b);
  }, [pictures, left.picture, right.picture]);
  return (
    <div className="twoup">
      <Place view={view} side={apart?.pixels.side}>
        {apart === null ? (
          <span className="picture waiting" />
        ) : (
          <PixelsView pixels={apart.pixels} label={`Difference of ${left.name} and ${right.name}: ${prompt}`} />
        )}
      </Place>
      {apart === null ? null : (
        <div className="tag left">
          {apart.mean === 0
            ? "No difference, the same pixels"
            : `Difference${apart.gain > 1 ? ` × ${apart.gain}` : ""}, mean ${apart.mean.toFixed(1)} of 255`}
        </div>
      )}
    </div>
  );
}

interface PaneProps {
  readonly shown: Shown;
  readonly prompt: string;
  readonly view: View;
  readonly versus?: boolean;
}

const ROLES: { readonly [S in SideName]: string } = { player: "Player ", opponent: "Opponent ", other: "" };

function Pane({ shown, prompt, view, versus = false }: PaneProps) {
  const { pictures } = useWorkbench();
  const side = shown.picture === undefined ? undefined : pictures.get(shown.picture)?.side;
  return (
    <Place view={view} side={side}>
      <PictureView id={shown.picture} label={`${versus ? ROLES[shown.side] : ""}${shown.name}: ${prompt}`} waiting />
    </Place>
  );
}

interface PlaceProps {
  readonly view: View;
  /** of the picture, in its pixels; undefined: none is there yet */
  readonly side: number | undefined;
  readonly children: ReactNode;
}

/** A picture in the middle of its pane, or as far from there as the view says. */
function Place({ view, side, children }: PlaceProps) {
  const { x, y } = offsetOf(view);
  const width = view.scale === null || side === undefined ? "100%" : `${view.scale * side}px`;
  return (
    <div className={isHard(view) ? "pane hard" : "pane"}>
      <div style={{ inlineSize: width, transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }}>{children}</div>
    </div>
  );
}

function Tag({ shown, at }: { readonly shown: Shown; readonly at: "left" | "right" }) {
  return (
    <div className={`tag ${at}`}>
      <Side side={shown.side}>{shown.name}</Side>
    </div>
  );
}
