/** @file Two pictures in one frame: opponent left, player right, with a divider or side by side. Loaded with its screen. */
import { useEffect, useRef, type KeyboardEvent } from "react";
import { useReactCompareSlider } from "react-compare-slider/hooks";
import { HandleRoot, Item, Provider, Root } from "react-compare-slider/components";
import { PictureView } from "./picture.tsx";
import { Side, type SideName } from "./mark.tsx";

export interface Shown {
  readonly picture: string | undefined;
  readonly name: string;
  readonly side: SideName;
}

export interface TwoUpProps {
  readonly left: Shown;
  readonly right: Shown;
  readonly prompt: string;
  readonly beside?: boolean;
  /** Moves the divider from outside: a new object each time, percent of the width. */
  readonly jump?: { readonly to: number } | null;
}

/** Page is 10, Home and End are all left and all right; the arrows' 2 is the library's own. */
const KEYS: { readonly [key: string]: (at: number) => number } = {
  PageDown: (at) => at - 10,
  PageUp: (at) => at + 10,
  Home: () => 0,
  End: () => 100,
};

export function TwoUp(props: TwoUpProps) {
  return props.beside === true ? <Beside {...props} /> : <Slider {...props} />;
}

function Slider({ left, right, prompt, jump = null }: TwoUpProps) {
  const slider = useReactCompareSlider({ keyboardIncrement: "2%", transition: "none", onlyHandleDraggable: false });
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
            <PictureView id={left.picture} label={`${left.name}: ${prompt}`} waiting />
          </Item>
          <Item item="itemTwo">
            <PictureView id={right.picture} label={`${right.name}: ${prompt}`} waiting />
          </Item>
          <HandleRoot
            aria-label={`Divider between ${left.name} on the left and ${right.name} on the right`}
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

function Beside({ left, right, prompt }: TwoUpProps) {
  return (
    <div className="twoup beside">
      {[left, right].map((shown, at) => (
        <figure key={at === 0 ? "left" : "right"}>
          <PictureView id={shown.picture} label={`${shown.name}: ${prompt}`} waiting />
          <Tag shown={shown} at={at === 0 ? "left" : "right"} />
        </figure>
      ))}
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
