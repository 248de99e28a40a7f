/** @file What the page may ask of the worker that downloads models, and what it is told meanwhile: types only. */

/** A model of the hub: looked up, on its way, or here. */
export interface HubModel {
  /** names it in this browser's storage */
  readonly key: string;
  /** "owner/name" */
  readonly repo: string;
  /** as it was typed */
  readonly revision: string;
  /** 40 hexadecimal digits: what the revision meant when it was looked up */
  readonly commit: string;
  readonly title: string;
  readonly files: readonly { readonly path: string; readonly size: number }[];
  readonly bytes: number;
  /** of these, here already */
  readonly here: number;
  /** all of it is here, and was checked */
  readonly whole: boolean;
}

export type HubNews =
  /** a request that is about to be made */
  | { readonly kind: "asking"; readonly url: string }
  /** before it is asked again; `why` is a sentence */
  | { readonly kind: "waiting"; readonly milliseconds: number; readonly why: string }
  /** bytes of the model that are here */
  | { readonly kind: "bytes"; readonly bytes: number };

/** Every call of the worker: name -> parameters and result. */
export interface HubCalls {
  /** asks the hub what an address is of; lists and headers are read, nothing is stored */
  look: { params: { readonly address: string }; result: HubModel };
  /** goes on where an earlier one stood; refused with code `busy` while another tab does it */
  download: { params: { readonly key: string }; result: null };
  /** what is in this browser's storage, whole or not; the hub is not asked */
  kept: { params: Record<string, never>; result: readonly HubModel[] };
  /** frees what there is of it */
  drop: { params: { readonly key: string }; result: null };
}

export type HubCallName = keyof HubCalls;

/** The hub as the page sees it; nothing is fetched but by `look` and `download`. */
export interface Hub {
  call<N extends HubCallName>(
    name: N,
    params: HubCalls[N]["params"],
    told?: (news: HubNews) => void,
    signal?: AbortSignal,
  ): Promise<HubCalls[N]["result"]>;
}
