import type { CallOptions } from './peer-api.ts'

/** What a revision holds, for use elsewhere. */
export interface RowsApi {
  /**
   * A page of the newest revision kept here, every row checked, in row order and without those that
   * were withdrawn. Rows that were taken from messages are never among them, and asking for them is
   * refused (EXPORT_REFUSED). Refuses ANCHOR_MISSING where no revision is kept.
   */
  rows(query: RowsQuery, options?: CallOptions): Promise<RowsPage>
  /**
   * The file of a contribution that waits here, is one's own, or is in the newest revision kept here;
   * its hosts are asked for it. Refuses CONTRIBUTION_UNKNOWN, CONTRIBUTION_WITHDRAWN,
   * CONTRIBUTION_INVALID for what is no file, and CONTENT_UNAVAILABLE.
   */
  file(query: FileQuery, options?: CallOptions): Promise<GivenFile>
}

export interface FileQuery {
  readonly datanet: string
  readonly contribution: string
}

export interface GivenFile {
  readonly name: string
  readonly mime: string
  readonly bytes: number
  /** Base64. */
  readonly data: string
}

/** Which rows: those that fit every list that is given. */
export interface RowsQuery {
  readonly datanet: string
  readonly origins?: readonly string[]
  readonly licences?: readonly string[]
  readonly languages?: readonly string[]
  readonly schemas?: readonly string[]
  /** Of `label/1`. */
  readonly labels?: readonly string[]
  /** Leave out near-duplicates of earlier contributions. */
  readonly isUnique?: boolean
  /** Where to go on: `next` of the page before. */
  readonly from?: number
}

export interface RowsPage {
  /** Columns as in the revision's own file, without `signed`. */
  readonly rows: ReadonlyArray<Readonly<Record<string, unknown>>>
  readonly ordinal: number
  /** Rows of the revision. */
  readonly of: number
  /** Those of this page that did not fit. */
  readonly skipped: number
  /** Absent on the last page. */
  readonly next?: number
}
