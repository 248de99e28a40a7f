/** @file A button with a menu of actions; the browser places it, closes it on Escape or a click elsewhere, and gives the focus back. */
import { useId, useRef, useState, type KeyboardEvent } from "react";
import { Glyph } from "./glyph.tsx";

export interface MenuItem {
  readonly label: string;
  /** beside the label: the key that does the same */
  readonly hint?: string;
  /** why it cannot be done now */
  readonly obstacle?: string | null;
  readonly act: () => void;
}

export interface MenuProps {
  readonly label: string;
  /** asked for when the menu opens */
  readonly items: () => readonly MenuItem[];
  readonly tabIndex?: number;
}

export function Menu({ label, items, tabIndex = 0 }: MenuProps) {
  const id = useId();
  const menu = useRef<HTMLDivElement>(null);
  const [shown, setShown] = useState<readonly MenuItem[] | null>(null);
  const buttons = (): HTMLElement[] => [...(menu.current?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];

  const onKeyDown = (event: KeyboardEvent): void => {
    event.stopPropagation();
    const all = buttons();
    const at = all.findIndex((button) => button === document.activeElement);
    const letter = event.key.length === 1 ? event.key.toLowerCase() : null;
    const after = [...all.slice(at + 1), ...all.slice(0, at + 1)];
    const to =
      event.key === "ArrowDown"
        ? after[0]
        : event.key === "ArrowUp"
          ? all.at(at - 1)
          : event.key === "Home"
            ? all[0]
            : event.key === "End"
              ? all.at(-1)
              : after.find((button) => letter !== null && button.textContent.toLowerCase().startsWith(letter));
    if (event.key === "Tab") menu.current?.hidePopover();
    if (to === undefined || letter === " ") return;
    event.preventDefault();
    to.focus();
  };

  const choose = ({ obstacle, act }: MenuItem): void => {
    if (obstacle != null) return;
    menu.current?.hidePopover();
    act();
  };

  return (
    <>
      <button
        type="button"
        className="button plain icon menu-button"
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded={shown !== null}
        popoverTarget={id}
        tabIndex={tabIndex}
        onKeyDown={(event) => event.stopPropagation()}
        onClick={(event) => event.stopPropagation()}
      >
        <Glyph name="more" />
      </button>
      <div
        ref={menu}
        id={id}
        className="menu"
        popover="auto"
        role="menu"
        aria-label={label}
        tabIndex={-1}
        onKeyDown={onKeyDown}
        onClick={(event) => event.stopPropagation()}
        onBeforeToggle={(event) => {
          if (event.newState === "open") setShown(items());
        }}
        onToggle={(event) => {
          if (event.newState === "open") buttons()[0]?.focus();
          else setShown(null);
        }}
      >
        {shown?.map((item) => (
          <button
            type="button"
            role="menuitem"
            key={item.label}
            tabIndex={-1}
            aria-disabled={item.obstacle != null}
            onClick={() => choose(item)}
          >
            <span>{item.label}</span>
            {item.hint === undefined ? null : <kbd aria-hidden="true">{item.hint}</kbd>}
            {item.obstacle == null ? null : <small>{item.obstacle}</small>}
          </button>
        ))}
      </div>
    </>
  );
}
